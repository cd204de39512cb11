// SPDX-License-Identifier: GPL-3.0-or-later
// gc: everything that nobody needs any more leaves the site (docs/ARCHITECTURE.md, I3, I4, I13;
// docs/FORMAT.md §15). Publishers and readers go on beside it, it may be killed at any moment, and it works
// on a full disk: what needs no writing goes first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/object_collector.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/retention.hpp"

namespace repotool::store {

struct CollectorSettings {
    RetentionRules rules;
    LockRequest lock;
};

struct CollectedRepository {
    std::string repository;
    std::vector<std::uint64_t> retired;         // generations
    Tally metadata;                             // content-named files
    Tally packages;                             // published names
    Tally waiting;                              // package names whose grace is not over
    std::optional<base::UnixSeconds> next_due;  // of those, the first

    bool is_empty() const { return retired.empty() && metadata.files + packages.files + waiting.files == 0; }
};

// Why something was left alone this time.
struct CollectorProblem {
    base::ErrorKind kind = base::ErrorKind::conflict;
    std::string object;  // a repository, or "objects"
    std::string message;
};

struct CollectorReport {
    std::vector<CollectedRepository> repositories;  // that have anything to tell
    Tally objects;                                  // package files; only here do packages free bytes
    Tally texts;
    int transactions = 0;  // dead ones that were ended
    int resumable = 0;     // … and those that stay for the same command (resume.hpp)
    std::vector<CollectorProblem> problems;
};

// Throws base::Error where nothing could be done at all: conflict where another gc runs, storage.
CollectorReport collect_garbage(Site& site, const CollectorSettings& settings);

// What collect_garbage() would do now; changes nothing and takes no lock.
CollectorReport plan_collection(Site& site, const CollectorSettings& settings);

}  // namespace repotool::store
