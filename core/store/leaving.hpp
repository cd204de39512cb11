// SPDX-License-Identifier: GPL-3.0-or-later
// What goes with generations that leave: their metadata at once, their packages after their grace. Computed
// from manifests alone, at the cost of what goes and of the chunk lists of what stays.
#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/store/condemned.hpp"
#include "core/store/live_names.hpp"

namespace repotool::store {

struct LeavingGeneration {
    Waste waste;
    std::string directory;  // where its MANIFEST is, below the filesystem's root
};

struct LeavingNames {
    // Below public/, in the order in which they may go: indexes, links and chunks; what names chunks; what
    // names that. Whoever is interrupted can then still tell what is left.
    std::array<std::set<std::string>, 3> metadata;
    // By generation, each file with the newest that had it: from then its grace counts. Lists that are
    // written already are left out.
    std::vector<std::pair<Waste, CondemnedFiles>> packages;
};

// `live` knows the generations of the repository that stay. Throws base::Error (integrity).
LeavingNames gather_leaving(fs::Filesystem& filesystem, const std::string& repository,
                            std::vector<LeavingGeneration> generations, const LiveNames& live);

}  // namespace repotool::store
