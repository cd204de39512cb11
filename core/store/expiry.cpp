// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/expiry.hpp"

#include <algorithm>

#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/history_event.hpp"

namespace repotool::store {

std::optional<base::UnixSeconds> last_change(fs::Filesystem& filesystem, const std::string& repository) {
    const auto current = make_symlink_head(filesystem, "public", repository)->current();
    if (!current) return std::nullopt;
    for (const auto& record : History(filesystem, repository).read_back(*current)) {
        if (record.generation == *current) return record.time;  // later ones with this number are no flips
    }
    return GenerationReader(filesystem, "public", repository, *current).manifest().date;
}

std::optional<std::uint64_t> expire_repository(Site& site, const std::string& repository,
                                               const std::string& reason, const std::string& job) {
    const auto head = make_symlink_head(site.filesystem(), "public", repository);
    const auto current = head->current();
    if (!current) return std::nullopt;
    const auto last = History(site.filesystem(), repository).last();
    const bool is_told = last && last->operation == "expire" && last->generation == *current;
    if (!is_told) append_event(site, repository, "expire", {{"reason", reason}}, job);
    head->withdraw(*current);
    return current;
}

}  // namespace repotool::store
