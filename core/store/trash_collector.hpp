// SPDX-License-Identifier: GPL-3.0-or-later
// The first half of a generation's end: out of gen/ by one rename, then its metadata goes, and its package
// names are condemned (docs/FORMAT.md §15). Killed anywhere, the next run goes on from private/trash.
#pragma once

#include <string>
#include <vector>

#include "core/store/object_collector.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/retention.hpp"
#include "core/store/waste.hpp"

namespace repotool::store {

// Moves generations of one repository to private/trash, from where nobody sees them. Durable on return; can
// be repeated. Under the repository's lock.
void move_to_trash(fs::Filesystem& filesystem, const std::vector<Waste>& generations);

class TrashCollector {
public:
    TrashCollector(Site& site, std::string repository, const RetentionRules& rules, LockRequest lock)
        : site_(site),
          filesystem_(site.filesystem()),
          repository_(std::move(repository)),
          rules_(rules),
          lock_(std::move(lock)) {}

    // Moves every generation that may go to the trash. Returns their numbers.
    std::vector<std::uint64_t> retire();
    // Condemns the package names of what is in the trash, takes its metadata away, and then itself. What
    // somebody took out of gen/ before its grace was over waits for that.
    Tally empty();

private:
    void remove_metadata(class LiveNames& live, const std::set<std::string>& paths, Tally& removed);

    Site& site_;
    fs::Filesystem& filesystem_;
    std::string repository_;
    RetentionRules rules_;
    LockRequest lock_;
};

// What is in the trash and may go now.
std::vector<Waste> due_trash(fs::Filesystem& filesystem, const std::string& repository,
                             const RetentionRules& rules, base::UnixSeconds now);

}  // namespace repotool::store
