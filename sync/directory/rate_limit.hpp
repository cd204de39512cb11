// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps a stream of bytes below a rate, measured from its first byte.
#pragma once

#include <cstdint>
#include <stop_token>

namespace repotool::sync {

class RateLimit {
public:
    // 0: no limit.
    explicit RateLimit(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}
    // Waits until `bytes` more may have passed, or `stop` is asked for.
    void spend(std::uint64_t bytes, const std::stop_token& stop = {});

private:
    std::uint64_t rate_;
    std::uint64_t spent_ = 0;
    std::int64_t started_ms_ = -1;
};

}  // namespace repotool::sync
