// SPDX-License-Identifier: GPL-3.0-or-later
// The second half of a generation's end: package names whose grace is over leave pool/, and the objects that
// nothing else needs go with them (docs/FORMAT.md §15).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/store/condemned.hpp"
#include "core/store/live_names.hpp"
#include "core/store/object_collector.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/retention.hpp"

namespace repotool::store {

// Lists whose grace is over, and their files but for those that a list still in its grace names as well.
struct DueFiles {
    std::vector<Waste> lists;
    CondemnedFiles files;
};
DueFiles due_files(fs::Filesystem& filesystem, const std::string& repository, const RetentionRules& rules,
                   base::UnixSeconds now);

class PoolCollector {
public:
    PoolCollector(Site& site, const RetentionRules& rules, LockRequest lock)
        : site_(site), filesystem_(site.filesystem()), rules_(rules), lock_(std::move(lock)) {}

    // Takes the names of a repository whose grace is over out of pool/, unless a generation names them again.
    Tally remove_names(const std::string& repository);
    // Then, once for all repositories: their objects, and what was kept for a publish that did not happen.
    // Whatever is settled leaves the lists. Throws base::Error (integrity).
    Tally remove_objects();

private:
    void add_orphans(ObjectCollector& objects);
    // False where the name is gone already: a purge was here.
    bool remove_one(class NameRemover& remover, const CondemnedFile& file);

    struct Settled {
        std::string path;  // of the list
        std::vector<std::string> digests;
    };
    Site& site_;
    fs::Filesystem& filesystem_;
    RetentionRules rules_;
    LockRequest lock_;
    std::vector<Settled> lists_;
    std::vector<std::pair<CondemnedFile, Evidence>> files_;  // that lost their name
};

}  // namespace repotool::store
