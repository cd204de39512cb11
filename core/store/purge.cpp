// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/purge.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/freeze.hpp"
#include "core/store/history_event.hpp"
#include "core/store/layout.hpp"
#include "core/store/live_names.hpp"
#include "core/store/name_remover.hpp"
#include "core/store/recovery.hpp"
#include "core/store/reserve.hpp"
#include "core/store/retention.hpp"
#include "core/store/tags.hpp"
#include "core/store/trash_collector.hpp"

namespace repotool::store {

bool is_purged(const PurgeList& list, const Record& record) {
    const auto has = [&](const std::string& digest) { return list.find(digest).has_value(); };
    return has(record.sha256) || has(record.unsigned_sha256) || has(record.content) ||
           std::any_of(record.files.begin(), record.files.end(),
                       [&](const RecordFile& file) { return has(file.sha256); });
}

Sightings Purge::find(const std::string& repository) const {
    return find_packages(
        filesystem_, repository, [&](const Record& record) { return is_purged(list_, record); },
        [&](const CondemnedFile& file) { return list_.find(file.sha256).has_value(); });
}

PurgedRepository Purge::clean(const std::string& repository, const std::string& reason) {
    PurgedRepository result{repository, {}, {}, {}, true};
    const auto lock = site_.lock_repository(repository, lock_.timeout, lock_.job);
    recover(site_, repository);
    Sightings found = find(repository);
    retire(result, found, reason);
    remove_names(result, std::move(found.files));
    return result;
}

void Purge::retire(PurgedRepository& result, const Sightings& found, const std::string& reason) {
    const auto standing =
        judge_generations(filesystem_, result.repository, RetentionRules{}, site_.clock().real_now());
    std::vector<Waste> leaving;
    for (const auto& generation : standing.generations) {
        if (!found.generations.contains(generation.generation)) continue;
        if (generation.reason == Reason::current) {
            result.is_clean = false;
            continue;
        }
        // Its other packages and its metadata keep the grace that they would have had.
        const auto superseded = generation.superseded.value_or(site_.clock().real_now());
        leaving.push_back({result.repository, generation.generation, superseded});
        result.generations.push_back(generation.generation);
    }
    for (const auto& [tag, generation] : list_tags(filesystem_, "public", result.repository)) {
        const bool leaves = std::find(result.generations.begin(), result.generations.end(), generation) !=
                            result.generations.end();
        if (!leaves) continue;
        delete_tag(site_, result.repository, tag, lock_.job);
        result.tags.push_back(tag);
    }
    if (leaving.empty()) return;
    append_event(site_, result.repository, kPurge, {{"reason", reason}}, lock_.job);
    with_reserve(filesystem_, [&] { move_to_trash(filesystem_, leaving); });
}

void Purge::remove_names(PurgedRepository& result, CondemnedFiles files) {
    LiveNames live(filesystem_, result.repository);
    live.refresh();
    // The current generation, where it is not clean yet; and what a purged source package shares with others.
    live.visit_packages(package_names(files), 0,
                        [&](const Record& record) { keep_package_files(files, result.repository, record); });
    NameRemover remover(filesystem_, result.repository);
    for (const auto& [path, file] : files) {
        files_.push_back(file);
        if (!filesystem_.status("public/" + path)) continue;
        remover.remove(path);
        result.names.add(file.size);
    }
    remover.prune();
    remover.sync();
}

Tally Purge::remove_objects() {
    ObjectCollector objects(site_);
    for (const auto& file : files_) objects.add(file.sha256, file.name, Evidence::purged);
    // Those that are published nowhere, too.
    for (const auto& entry : list_.entries()) {
        if (!entry.finished) objects.add(entry.sha256, entry.name, Evidence::purged);
    }
    const Tally removed = objects.run();
    has_postponed_ = !objects.postponed().empty();
    return removed;
}

}  // namespace repotool::store
