// SPDX-License-Identifier: GPL-3.0-or-later
// Long work under a repository's lock, in short turns, so that publishers go on in between.
#pragma once

#include <functional>
#include <string>

#include "core/store/site.hpp"

namespace repotool::store {

// How long to wait for a repository's lock, and what its holder shows to those who wait.
struct LockRequest {
    std::int64_t timeout = 600;  // seconds
    std::string job;
};

// Tells a turn when to end.
class TurnTime {
public:
    TurnTime() : end_(base::monotonic_ms() + kTurnMs) {}
    bool is_over() const { return base::monotonic_ms() >= end_; }

private:
    static constexpr std::int64_t kTurnMs = 50;
    std::int64_t end_;
};

// Calls `turn` under the lock until it returns false. `between` runs without the lock after each turn.
// Throws base::Error (conflict) where the lock cannot be had.
void in_turns(Site& site, const std::string& repository, const LockRequest& request,
              const std::function<bool(const TurnTime&)>& turn, const std::function<void()>& between = {});

// Held by gc, purge and fsck for as long as they run: one of them at a time. Throws base::Error (conflict).
std::unique_ptr<fs::Lock> lock_collecting(Site& site, std::int64_t timeout_seconds);

}  // namespace repotool::store
