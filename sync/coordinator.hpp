// SPDX-License-Identifier: GPL-3.0-or-later
// The fleet transaction (docs/ARCHITECTURE.md §8): a two-phase commit that moves one repository on many
// mirrors. Before the commit decision is durable, any failure leaves every mirror as it was; after it, every
// mirror goes forward, in this run or in the next one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sync/mirror.hpp"
#include "sync/result.hpp"
#include "sync/source.hpp"

namespace repotool::sync {

struct FleetOptions {
    std::int64_t lock_timeout_seconds = 600;
    SignatureCheck check_signature;  // empty: signatures are carried, not checked
    MirrorOpener open_mirror;        // for mirrors that only an old journal names
};

// Brings the source's current generation of `repository` to all mirrors, after finishing or undoing what a
// dead coordinator left. Failures of mirrors are in the result; base::Error is thrown for what concerns no
// mirror: no such repository (usage), a busy source (conflict), a journal that cannot be written (storage).
FleetResult run_fleet(Source& source, const std::string& repository, const std::vector<Mirror*>& mirrors,
                      const FleetOptions& options);

}  // namespace repotool::sync
