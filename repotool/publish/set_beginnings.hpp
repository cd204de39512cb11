// SPDX-License-Identifier: GPL-3.0-or-later
// Which sets a repository has beside those that packages name: one for each configured architecture; in
// Debian each configured component, but for test repositories, and the same sets in each component of a dist,
// because apt asks for the same files of all components.
#pragma once

#include <vector>

#include "repotool/config/config.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

// Begins what is missing in the dists of `candidates` and in those that are there. A set that begins has what
// belongs into every architecture.
void begin_sets(WorkingSets& sets, const std::vector<Candidate>& candidates, const Config& config,
                const RepositoryRules& rules);

// The sets that begin_sets() would add to what is there without any candidate.
std::vector<SetName> missing_sets(const std::vector<SetName>& present, const Config& config,
                                  const RepositoryRules& rules);

// True for a package that every architecture has: `all`, `noarch`.
bool is_any_architecture(formats::Format format, const store::Record& record);

}  // namespace repotool::publisher
