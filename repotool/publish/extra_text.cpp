// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/extra_text.hpp"

#include <algorithm>
#include <map>

#include "core/base/digest.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/extras.hpp"

namespace repotool::publisher {

std::string read_extra_text(const store::GenerationReader& reader, const store::SetEntry& set,
                            const store::ExtraEntry& extra) {
    const std::string path = store::layout::meta(reader.manifest().repository) + "/" +
                             store::extra_path(set.dist, set.architecture, extra);
    return read_extra_text(reader.filesystem(), reader.path_of(path), extra);
}

bool changes_extra(const store::GenerationReader& reader, const store::SetEntry& set,
                   const ExtraCandidate& extra) {
    const auto current = std::find_if(set.extras.begin(), set.extras.end(),
                                      [&](const auto& entry) { return entry.type == extra.type; });
    if (current == set.extras.end()) return true;
    const std::string text = read_extra_text(reader, set, *current);
    return formats::rpm::merge_extra(extra.type, text, extra.text) != text;
}

bool has_exactly(const store::SetEntry& set, const std::vector<const ExtraCandidate*>& extras) {
    std::map<std::string, std::string> texts;
    for (const auto* extra : extras) {
        std::string& text = texts[extra->type];
        text = formats::rpm::merge_extra(extra->type, text, extra->text);
    }
    return texts.size() == set.extras.size() &&
           std::all_of(set.extras.begin(), set.extras.end(), [&](const auto& entry) {
               const auto text = texts.find(entry.type);
               return text != texts.end() && base::sha256_hex(text->second) == entry.open_sha256;
           });
}

}  // namespace repotool::publisher
