// SPDX-License-Identifier: GPL-3.0-or-later
// A push that comes while another is under way is never lost: who cannot wait any longer leaves a request on
// the disk, and whoever is at it syncs once more. Killed in between, the request is there for the next run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sync/fleet/coordinator.hpp"
#include "sync/source/source.hpp"

namespace repotool::sync {

// Names of those that nobody has served yet.
std::vector<std::string> open_requests(Source& source, const std::string& repository);
// Durable on return.
void leave_request(Source& source, const std::string& repository);
// Those that a run served which began after they had come. Never throws: what stays is served once more.
void settle_requests(Source& source, const std::string& repository,
                     const std::vector<std::string>& names) noexcept;

// `run` is run_fleet() of this repository, with the options that it is given. Calls it once, and again while
// somebody asked for it in the meantime. Where another coordinator is busy for longer than the time to wait,
// a request is left and base::Error (conflict) says so.
using Run = std::function<FleetResult(const FleetOptions& options)>;
void run_as_requested(Source& source, const std::string& repository, const FleetOptions& options,
                      const Run& run);

}  // namespace repotool::sync
