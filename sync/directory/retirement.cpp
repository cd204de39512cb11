// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/retirement.hpp"

#include <algorithm>

#include "core/fs/tree.hpp"
#include "core/store/collector.hpp"
#include "core/store/layout.hpp"
#include "core/store/purge.hpp"
#include "core/store/roster.hpp"

namespace repotool::sync {
namespace {

void add(Retired& sum, std::uint64_t& files, const store::Tally& tally) {
    files += tally.files;
    sum.bytes += tally.bytes;
}

// What was purged at the source goes whatever the grace, once: what is settled is marked so.
void purge(store::Site& site, const RetireRequest& request, const store::LockRequest& lock, Retired& result) {
    if (request.purged.empty()) return;
    store::add_purged(site, request.purged);
    const store::PurgeList list(site.filesystem());
    std::vector<std::string> open;
    for (const auto& entry : list.entries()) {
        if (!entry.finished) open.push_back(entry.sha256);
    }
    if (open.empty()) return;
    const auto alone = store::lock_collecting(site, lock.timeout);
    store::Purge purge(site, list, lock);
    bool is_clean = true;
    for (const auto& repository : store::known_repositories(site.filesystem())) {
        const auto cleaned = purge.clean(repository, "purged at the source");
        result.generations += cleaned.generations.size();
        result.purged_files += cleaned.names.files;
        add(result, result.package_files, cleaned.names);
        is_clean = is_clean && cleaned.is_clean;
    }
    if (is_clean) store::finish_purged(site, open);
}

}  // namespace

Retired retire_on(store::Site& site, const RetireRequest& request) {
    for (const char* path : {"private/trash", "private/condemned", "private/locks"})
        fs::make_directories(site.filesystem(), path, 0700);
    const store::LockRequest lock{request.lock_timeout, "mirrorsync retire"};
    Retired result;
    purge(site, request, lock, result);
    const auto report = store::collect_garbage(site, {request.rules, lock});
    for (const auto& repository : report.repositories) {
        result.generations += repository.retired.size();
        add(result, result.metadata_files, repository.metadata);
        add(result, result.package_files, repository.packages);
        result.waiting_files += repository.waiting.files;
    }
    for (const auto& problem : report.problems) result.left_alone.push_back(problem.message);
    return result;
}

}  // namespace repotool::sync
