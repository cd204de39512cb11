// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/rate_limit.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/time.hpp"

namespace repotool::sync {

void RateLimit::spend(std::uint64_t bytes, const std::stop_token& stop) {
    if (rate_ == 0) return;
    if (started_ms_ < 0) started_ms_ = base::monotonic_ms();
    spent_ += bytes;
    const auto due = started_ms_ + static_cast<std::int64_t>(static_cast<double>(spent_) * 1000.0 /
                                                             static_cast<double>(rate_));
    constexpr std::int64_t kStep = 100;
    for (auto left = due - base::monotonic_ms(); left > 0 && !stop.stop_requested();
         left = due - base::monotonic_ms()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min(left, kStep)));
    }
}

}  // namespace repotool::sync
