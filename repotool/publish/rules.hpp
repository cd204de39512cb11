// SPDX-License-Identifier: GPL-3.0-or-later
// Step 4 of a publish: what a request makes of the package sets, by the repository's rules.
#pragma once

#include <functional>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/config/config.hpp"
#include "repotool/publish/prepared_request.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

struct RuleContext {
    const Config& config;
    RepositoryConfig repository;
    // Current generations of the sibling repositories: their versions count for the downgrade rule, too.
    std::vector<WorkingSets*> siblings;
};

// Applies `request` to `sets` and says what became of each package, sorted by format, dist, key. Throws
// base::Error (policy) where a rule refuses, (usage) where a removal matches nothing; `sets` is then as it
// was before.
std::vector<Decision> apply_request(WorkingSets& sets, const PreparedRequest& request,
                                    const RuleContext& context);

// The record that some set has under the candidate's key; empty where there is none.
std::optional<store::Record> find_published(WorkingSets& sets, const Candidate& candidate);

// Repositories whose versions count for `repository` (RepositoryConfig::siblings). `list_existing` is called
// only where there may be any.
std::vector<std::string> sibling_names(const std::string& repository, const RepositoryConfig& config,
                                       const std::function<std::vector<std::string>()>& list_existing);

}  // namespace repotool::publisher
