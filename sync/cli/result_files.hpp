// SPDX-License-Identifier: GPL-3.0-or-later
// What a run leaves for machines: the --json document, the list of packages, JUnit, metrics.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "sync/cli/commands.hpp"
#include "sync/fleet/result.hpp"

namespace repotool::sync::cli {

// The fields of the last transaction, and whether all went well.
nlohmann::json document_of(const std::vector<FleetResult>& results);
void write_result_files(const RunOptions& options, const std::vector<FleetResult>& results,
                        const nlohmann::json& document);

}  // namespace repotool::sync::cli
