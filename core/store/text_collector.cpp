// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/text_collector.hpp"

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/text_map.hpp"

namespace repotool::store {
namespace {

using Files = std::map<std::string, std::uint64_t>;

// The map at `path`, where it can be read, and its packs stay.
void keep_text(fs::Filesystem& filesystem, const std::string& directory, const std::string& digest,
               Files& unused) {
    const std::string path = fs::join_path(directory, digest);
    if (!unused.contains(path)) return;
    try {
        for (const auto& pack : parse_text_map(fs::read_file(filesystem, path)).packs)
            unused.erase(fs::join_path(directory, pack));
        unused.erase(path);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
    }
}

}  // namespace

Files unused_texts(fs::Filesystem& filesystem) {
    Files unused;
    // The texts before the heads: one that comes later belongs to a head that we may not see.
    fs::walk(filesystem, layout::kTexts, [&](const std::string& path, const fs::Status& status) {
        if (status.kind == fs::Kind::file) unused[path] = status.size;
    });
    if (unused.empty()) return unused;
    for (const auto& repository : list_repositories(filesystem, "public")) {
        const auto current = make_symlink_head(filesystem, "public", repository)->current();
        if (!current) continue;
        const auto names = read_generation_names(
            filesystem, "public/" + layout::generation(repository, *current), repository, Missing::is_damage);
        for (const auto& text : names.texts)
            keep_text(filesystem, layout::text_directory(repository), text, unused);
    }
    return unused;
}

Tally remove_texts(fs::Filesystem& filesystem) {
    Tally removed;
    for (const auto& [path, size] : unused_texts(filesystem)) {
        filesystem.remove(path);
        removed.add(size);
    }
    return removed;
}

}  // namespace repotool::store
