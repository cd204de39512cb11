// SPDX-License-Identifier: GPL-3.0-or-later
// From updates/ to ready/: each update that a promote would let in, with its packages.
#pragma once

#include <string>
#include <vector>

#include "repotool/publish/publish.hpp"
#include "repotool/updates/update_search.hpp"

namespace repotool::publisher {

struct ReadyRequest {
    std::string from, to;  // directories; `to` is made where it does not exist
    std::string target;    // the repository whose gate decides
    DryRun dry_run = DryRun::no;
};

// What became of one update.
struct ReadyUpdate {
    std::string update;              // as it was found, below `from`
    std::string to;                  // its name below `to`; empty: it stays
    std::vector<std::string> files;  // of its packages, below `from`
    std::string reason;              // why it stays, a sentence
};

// Each update is tried alone, as a promote into `target` that changes nothing; one that a rule, a check or a
// missing package stops, stays. Packages come to `to` before their update does, and leave `from` after it: a
// run that was killed can be repeated. A package that another update needs as well stays for that one. Throws
// base::Error (input) for an update that cannot be read: then nothing moves.
std::vector<ReadyUpdate> make_ready(const PublishContext& context, const ReadyRequest& request,
                                    const IsRepository& is_repository);

// The only repository of the configuration that has a gate. Throws base::Error (usage) where there are more,
// or none.
std::string only_gated_repository(const Config& config);

}  // namespace repotool::publisher
