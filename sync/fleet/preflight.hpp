// SPDX-License-Identifier: GPL-3.0-or-later
// What makes a generation useless to clients however well it is brought to them: dates that are over, or soon
// will be. Looked at before a byte is sent. Room, inodes and clocks are each mirror's own matter.
#pragma once

#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/fleet/result.hpp"

namespace repotool::sync {

struct PreflightFinding {
    bool is_fatal = false;  // clients would refuse it now; otherwise: they soon will
    Failure failure;
};

// Valid-Until of the Release files (policy), and when the key that signed MANIFEST expires (signing).
// `keyring`: bytes of public keys; empty: those that the source publishes.
std::vector<PreflightFinding> examine_dates(const store::GenerationReader& generation,
                                            const std::string& keyring, base::UnixSeconds now);

}  // namespace repotool::sync
