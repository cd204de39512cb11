// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/repository_turns.hpp"

namespace repotool::store {
namespace {
// Longer than anybody waits between two tries for the lock (Site::lock_repository).
constexpr int kPauseMs = 110;
}  // namespace

void in_turns(Site& site, const std::string& repository, const LockRequest& request,
              const std::function<bool(const TurnTime&)>& turn, const std::function<void()>& between) {
    for (bool more = true; more;) {
        {
            const auto lock = site.lock_repository(repository, request.timeout, request.job);
            more = turn(TurnTime());
        }
        if (between) between();
        if (more) site.clock().sleep_ms(kPauseMs);  // somebody who waits gets the lock now
    }
}

}  // namespace repotool::store
