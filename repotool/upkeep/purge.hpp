// SPDX-License-Identifier: GPL-3.0-or-later
// A leaked or unlawful package leaves every generation of every repository, now, whatever the grace, and is
// refused from then on. First the list (core/store/purge_list.hpp), then everything else: killed in between,
// the next purge or gc goes on.
#pragma once

#include <string>
#include <vector>

#include "core/store/purge.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

struct PurgeRequest {
    std::string package;  // NAME[=VERSION][:ARCHITECTURE], or a digest
    std::string reason;
    DryRun dry_run = DryRun::no;
};

struct PurgeResult {
    std::vector<store::PurgedEntry> entries;            // what is on the list because of this request
    std::vector<store::PurgedRepository> repositories;  // that had something of it
    std::vector<std::pair<std::string, std::uint64_t>> published;  // repository and its new generation
    store::Tally objects;
    bool finished = true;  // false: something that is going on still holds a file; gc ends it
};

// Throws base::Error: usage where no package fits, and whatever keeps a new generation from being published.
PurgeResult purge(const PublishContext& context, const PurgeRequest& request);

// Ends what an earlier purge began; an empty result where there is nothing to do.
PurgeResult finish_purges(const PublishContext& context);

}  // namespace repotool::publisher
