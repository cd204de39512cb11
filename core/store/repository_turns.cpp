// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/repository_turns.hpp"

#include "core/base/error.hpp"
#include "core/store/layout.hpp"
#include "core/store/reserve.hpp"

namespace repotool::store {
namespace {
// Longer than anybody waits between two tries for the lock (Site::lock_repository).
constexpr int kPauseMs = 110;
// Turns after which there is a pause even where nobody seems to wait: some commands have no transaction yet.
constexpr int kMostTurns = 8;
}  // namespace

void in_turns(Site& site, const std::string& repository, const LockRequest& request,
              const std::function<bool(const TurnTime&)>& turn, const std::function<void()>& between) {
    int turns = 0;
    for (bool more = true; more;) {
        {
            const auto lock = site.lock_repository(repository, request.timeout, request.job);
            more = turn(TurnTime());
        }
        if (between) between();
        const bool may_wait = !site.filesystem().list(layout::kTransactions).empty();
        if (more && (may_wait || ++turns % kMostTurns == 0))
            site.clock().sleep_ms(kPauseMs);  // somebody who waits gets the lock now
    }
}

std::unique_ptr<fs::Lock> lock_collecting(Site& site, std::int64_t timeout_seconds) {
    fs::Filesystem& filesystem = site.filesystem();
    const std::int64_t deadline = base::monotonic_ms() + timeout_seconds * 1000;
    for (;;) {
        std::unique_ptr<fs::Lock> lock;
        with_reserve(filesystem,
                     [&] { lock = filesystem.try_lock(layout::kCollectingLock, fs::LockMode::exclusive); });
        if (lock) return lock;
        if (base::monotonic_ms() >= deadline) {
            throw base::Error(base::ErrorKind::conflict, "clean up", filesystem.root(),
                              "another gc, purge or fsck is at it", "run the same command again later");
        }
        site.clock().sleep_ms(50);
    }
}

}  // namespace repotool::store
