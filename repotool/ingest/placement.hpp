// SPDX-License-Identifier: GPL-3.0-or-later
// Where a package goes: its dist and component, and the path that it gets in the pool (docs/FORMAT.md §4).
#pragma once

#include <string>

#include "repotool/config/config.hpp"
#include "repotool/packages/candidate.hpp"

namespace repotool::publisher {

struct PlacementOptions {
    std::string dist;       // --dist; empty: by .changes, by `match:`, else the only dist of the format
    std::string component;  // --component; empty: the dist's first
};

// Sets dist and component of a candidate that came from a file. Throws base::Error (usage) where no dist or
// more than one fits, and for a dist or component that the configuration does not have.
// `changes_distribution`: Distribution of the .changes that lists the file; may be empty.
void place(Candidate& candidate, const Config& config, const PlacementOptions& options,
           const std::string& changes_distribution = {});

// For a candidate that came from another repository and has its dist: throws base::Error (usage) where the
// configuration does not have it.
void check_dist(Candidate& candidate, const Config& config);

// The RPM dist of metadata that came from a file: --dist, else the only RPM dist, else the one that all RPM
// packages of `packages`, which are placed, go to. Throws base::Error (usage).
std::string extra_dist(const ExtraCandidate& extra, const Config& config, const PlacementOptions& options,
                       const std::vector<Candidate>& packages);

// Throws base::Error (input) for an architecture that cannot name a package set.
void check_architecture(const Candidate& candidate);

enum class PathStyle { plain, with_digest };
// Path below pool/<repository>/. with_digest: for repositories that replace, so that other bytes get another
// path.
std::string pool_path(const Candidate& candidate, PathStyle style);

// The architecture of the set that a package belongs to: "source", "udeb-<arch>", "<arch>-debug" where its
// dist keeps RPM debug packages apart, else its own. `machine` stands for the architecture of a package for
// any.
std::string set_architecture(const Candidate& candidate);
std::string set_architecture(const Candidate& candidate, const std::string& machine);

}  // namespace repotool::publisher
