// SPDX-License-Identifier: GPL-3.0-or-later
// Compares a whole site with what its manifests, histories and lists say: every generation of every
// repository, down to the digest of each file, and private/. Repairs what can be proven from what is there
// (a link that the manifest fixes, a name whose object is good, an object whose name is good, what dead
// commands left); nothing is invented.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

enum class RepairState {
    none,      // fsck cannot mend it
    possible,  // --repair would
    done,
};

struct SiteFinding {
    std::string repository;  // empty: the site's
    std::string path;        // below the site
    std::string problem;
    RepairState repair = RepairState::none;
};

struct FsckReport {
    std::uint64_t files = 0;  // that were looked at
    std::vector<SiteFinding> findings;
    std::uint64_t count(RepairState state) const;
};

enum class Repair { no, yes };

// A repository is looked at without its lock; what seems wrong is looked at again with it, so that a
// publisher at work is no finding. Throws base::Error (conflict) where gc runs or a repository stays busy.
FsckReport check_site(const PublishContext& context, Repair repair);

}  // namespace repotool::publisher
