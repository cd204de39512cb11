// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of RPM metadata that is passed through, for the answer.
#pragma once

#include <vector>

#include "repotool/publish/publish.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

// Of the edits since `before`; each (dist, type) once, sorted.
std::vector<MetadataChange> metadata_changes(const WorkingSets& sets, const WorkingSets::Mark& before);

// Between two generations: each (dist, type) once.
std::vector<MetadataChange> metadata_changes(const store::GenerationReader& before,
                                             const store::GenerationReader& after);

// Types that cannot be merged hold one text. Throws base::Error (input), naming both files, where a request
// brings two for the same dist.
void demand_one_text(const std::vector<ExtraCandidate>& extras, const std::string& verb);

}  // namespace repotool::publisher
