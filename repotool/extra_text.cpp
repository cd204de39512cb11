// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/extra_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/formats/frames.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {

std::string read_extra_text(const store::GenerationReader& reader, const store::SetEntry& set,
                            const store::ExtraEntry& extra) {
    const std::string path = reader.path_of(
        fmt::format("{}/{}/repodata/{}-{}", store::layout::meta(reader.manifest().repository),
                    store::layout::rpm_directory(set.dist, set.architecture), extra.sha256, extra.name));
    std::string text = fs::read_file(reader.filesystem(), path, extra.size);
    for (const auto compression : {formats::Compression::gz, formats::Compression::zst}) {
        const std::string suffix = fmt::format(".{}", formats::compression_name(compression));
        if (!extra.name.ends_with(suffix) || extra.open_sha256 == extra.sha256) continue;
        text = formats::unpack_frame(compression, text, extra.open_size);
        break;
    }
    if (base::sha256_hex(text) != extra.open_sha256) {
        throw base::Error(
            base::ErrorKind::integrity, "read", path,
            fmt::format("expected text with digest {}, found {}", extra.open_sha256, base::sha256_hex(text)),
            "repotool verify --full shows what else is damaged");
    }
    return text;
}

bool changes_extra(const store::GenerationReader& reader, const store::SetEntry& set,
                   const ExtraCandidate& extra) {
    const auto current = std::find_if(set.extras.begin(), set.extras.end(),
                                      [&](const auto& entry) { return entry.type == extra.type; });
    if (current == set.extras.end()) return true;
    const std::string text = read_extra_text(reader, set, *current);
    return formats::rpm::merge_extra(extra.type, text, extra.text) != text;
}

}  // namespace repotool::publisher
