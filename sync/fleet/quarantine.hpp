// SPDX-License-Identifier: GPL-3.0-or-later
// Mirrors that missed a commit: kept out of sight of clients (`.not-ready` on the mirror, for load balancers)
// until they have caught up with the fleet. Remembered beside the coordinator's journals.
#pragma once

#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "sync/source/source.hpp"

namespace repotool::sync {

struct Quarantined {
    std::string mirror;
    std::string reason;
    base::UnixSeconds since = 0;
};

// Of one repository, by name. Throws base::Error (integrity) for a file that we did not write.
std::vector<Quarantined> read_quarantine(Source& source, const std::string& repository);
// Durable on return.
void write_quarantine(Source& source, const std::string& repository, const std::vector<Quarantined>& entries);

}  // namespace repotool::sync
