// SPDX-License-Identifier: GPL-3.0-or-later
// One repository, brought to the fleet of a Setup.
#pragma once

#include <string>
#include <vector>

#include "sync/cli/setup.hpp"

namespace repotool::sync::cli {

// Its transaction, and those that were asked for in the meantime; at least one. What concerns no mirror
// becomes the failure of the last.
std::vector<FleetResult> sync_repository(Setup& setup, const std::string& repository,
                                         const FleetOptions& options);

}  // namespace repotool::sync::cli
