// SPDX-License-Identifier: GPL-3.0-or-later
// Takes purged packages (core/store/purge_list.hpp) out of everything but the current generations, whatever
// the grace (docs/FORMAT.md §14). Can be repeated.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/store/object_collector.hpp"
#include "core/store/purge_list.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/sightings.hpp"

namespace repotool::store {

// Whether one of the digests of a package, or of its files, is on the list.
bool is_purged(const PurgeList& list, const Record& record);

struct PurgedRepository {
    std::string repository;
    std::vector<std::uint64_t> generations;  // that were taken out of gen/
    std::vector<std::string> tags;           // that named one of them
    Tally names;                             // published names that went
    bool is_clean = true;                    // false: its current generation still names a purged package
};

class Purge {
public:
    Purge(Site& site, const PurgeList& list, LockRequest lock)
        : site_(site), filesystem_(site.filesystem()), list_(list), lock_(std::move(lock)) {}

    // Where purged packages stand in a repository.
    Sightings find(const std::string& repository) const;
    // Older generations that name one go to the trash, tagged or not; then the published names. Takes the
    // repository's lock.
    PurgedRepository clean(const std::string& repository, const std::string& reason);
    // After all repositories: the objects. What a living transaction has pinned is left to gc.
    Tally remove_objects();
    bool has_postponed() const noexcept { return has_postponed_; }

private:
    void retire(PurgedRepository& result, const Sightings& found, const std::string& reason);
    void remove_names(PurgedRepository& result, CondemnedFiles files);

    Site& site_;
    fs::Filesystem& filesystem_;
    const PurgeList& list_;
    LockRequest lock_;
    std::vector<CondemnedFile> files_;
    bool has_postponed_ = false;
};

}  // namespace repotool::store
