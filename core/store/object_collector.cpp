// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/object_collector.hpp"

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/roster.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::store {
namespace {

constexpr std::size_t kBatch = 256;  // objects for which publishers wait at a time
constexpr std::uint64_t kPinsLimit = std::uint64_t{1} << 28U;

}  // namespace

void ObjectCollector::add(const std::string& sha256, const std::string& package, Evidence evidence) {
    Candidate& candidate = candidates_.try_emplace(sha256, Candidate{package, evidence}).first->second;
    candidate.evidence = std::max(candidate.evidence, evidence);
}

Tally ObjectCollector::run() {
    Tally removed;
    drop_settled();
    // Everything that can be read is read before publishers have to wait for anything.
    if (!candidates_.empty()) drop_named();
    while (!candidates_.empty()) {
        const Tally batch = remove_batch();
        removed.files += batch.files;
        removed.bytes += batch.bytes;
    }
    return removed;
}

// What is not there needs nobody. What a publisher kept and then did not publish itself, but has a second
// name, was published by somebody else.
void ObjectCollector::drop_settled() {
    std::erase_if(candidates_, [&](const auto& entry) {
        const auto status = filesystem_.status(layout::object(entry.first));
        return !status || (entry.second.evidence == Evidence::unknown && entry.second.package.empty() &&
                           status->links > 1);
    });
}

void ObjectCollector::drop_named() {
    for (const auto& repository : known_repositories(filesystem_)) {
        // The head first: what is flipped after this shows there.
        const auto head = make_symlink_head(filesystem_, "public", repository)->current();
        auto& known = repositories_[repository];
        if (known.live && known.head == head) continue;
        if (!known.live) known.live = std::make_unique<LiveNames>(filesystem_, repository);
        known.head = head;
        known.live->refresh();
        drop_named_in(repository);
    }
}

void ObjectCollector::drop_named_in(const std::string& repository) {
    Repository& known = repositories_.at(repository);
    const bool all = std::any_of(candidates_.begin(), candidates_.end(),
                                 [](const auto& entry) { return entry.second.evidence != Evidence::linked; });
    std::set<std::string> names;
    for (const auto& [sha256, candidate] : candidates_) names.insert(candidate.package);
    const auto keep = [&](const Record& record) {
        candidates_.erase(record.sha256);
        for (const auto& file : record.files) candidates_.erase(file.sha256);
    };
    known.looked_at = all ? known.live->visit_all(known.looked_at, keep)
                          : known.live->visit_packages(names, known.looked_at, keep);
}

Tally ObjectCollector::remove_batch() {
    Tally removed;
    SyncBatch directories(filesystem_);
    {
        const auto guard = site_.lock_shortly(layout::kCollectorLock, fs::LockMode::exclusive);
        // Pins before heads: a publish whose pins are gone already has flipped, and its head shows it.
        for (const auto& pin : read_pins()) {
            if (candidates_.erase(pin) > 0) postponed_.insert(pin);
        }
        drop_named();
        for (std::size_t i = 0; i < kBatch && !candidates_.empty(); ++i) {
            const auto [sha256, candidate] = *candidates_.begin();
            candidates_.erase(candidates_.begin());
            const std::string path = layout::object(sha256);
            const auto status = filesystem_.status(path);
            const bool waits = status && status->links > 1 && candidate.evidence != Evidence::purged;
            if (waits) postponed_.insert(sha256);
            if (!status || waits) continue;
            filesystem_.remove(path);
            directories.add_directory(fs::parent_path(path));
            removed.add(status->size);
        }
    }
    directories.flush();
    return removed;
}

std::set<std::string> ObjectCollector::read_pins() const {
    std::set<std::string> pins;
    for (const auto& name : filesystem_.list(layout::kTransactions)) {
        const std::string path = fs::join_path(layout::kTransactions, name) + "/pins";
        try {
            for (const auto& line : base::split(fs::read_file(filesystem_, path, kPinsLimit), '\n'))
                pins.insert(line);
        } catch (const base::SystemError& error) {
            if (error.error_number() != ENOENT) throw;  // no pins, or it ended while we looked
        }
    }
    return pins;
}

}  // namespace repotool::store
