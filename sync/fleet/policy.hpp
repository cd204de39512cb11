// SPDX-License-Identifier: GPL-3.0-or-later
// What a fleet asks of its mirrors before it commits (mirrors.yaml).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sync/mirror/retention.hpp"

namespace repotool::sync {

struct MirrorPolicy {
    bool is_required = true;  // false: the fleet commits without it, and it lags
    bool is_canary = false;   // it flips first and alone, and the others follow if clients see it well
};

struct FleetPolicy {
    std::size_t quorum = 0;             // mirrors, required or not, that must have it; 0: the required ones
    std::int64_t deadline_seconds = 0;  // from the start to the decision; 0: none
    std::int64_t lock_timeout_seconds = 600;
    unsigned retries = 2;       // of a step that the network spoiled
    std::size_t parallel = 16;  // mirrors at work at once
    // Packages that may leave a mirror in one transaction. Empty: half of them, and a hundred in any case.
    std::optional<std::uint64_t> max_delete;
    RetireRequest retire;
};

}  // namespace repotool::sync
