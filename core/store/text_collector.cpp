// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/text_collector.hpp"

#include "core/store/generation_names.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {

std::map<std::string, std::uint64_t> unused_texts(fs::Filesystem& filesystem) {
    std::map<std::string, std::uint64_t> texts;
    // The texts before the heads: one that comes later belongs to a head that we may not see.
    for (const auto& name : filesystem.list("private/text")) {
        if (const auto status = filesystem.status(layout::open_text(name))) texts[name] = status->size;
    }
    if (texts.empty()) return texts;
    for (const auto& repository : list_repositories(filesystem, "public")) {
        const auto current = make_symlink_head(filesystem, "public", repository)->current();
        if (!current) continue;
        const auto names = read_generation_names(
            filesystem, "public/" + layout::generation(repository, *current), repository, Missing::is_damage);
        for (const auto& text : names.texts) texts.erase(text);
    }
    return texts;
}

Tally remove_texts(fs::Filesystem& filesystem) {
    Tally removed;
    for (const auto& [name, size] : unused_texts(filesystem)) {
        filesystem.remove(layout::open_text(name));
        removed.add(size);
    }
    return removed;
}

}  // namespace repotool::store
