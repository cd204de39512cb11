// SPDX-License-Identifier: GPL-3.0-or-later
// Long descriptions of all binary packages of a component, once for all architectures (Translation-en,
// docs/FORMAT.md §5.7): a set of its own that follows from the sets of the component.
#pragma once

#include <vector>

#include "repotool/index/index_builder.hpp"

namespace repotool::publisher {

// Plans for the translations of each component that `plans` change, or whose form the settings want
// otherwise. Without translations in the settings there are none.
std::vector<SetPlan> translation_plans(const std::vector<const SetPlan*>& plans, const BuildContext& context);

}  // namespace repotool::publisher
