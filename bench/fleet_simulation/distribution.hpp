// SPDX-License-Identifier: GPL-3.0-or-later
// Many durations, and what they come to.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "virtual_time.hpp"

namespace repotool::simulation {

class Distribution {
public:
    void add(Moment duration) {
        milliseconds_.push_back(static_cast<float>(duration) / static_cast<float>(kMillisecond));
    }
    std::size_t count() const { return milliseconds_.size(); }
    // In milliseconds; 0 where there is nothing. `share`: 0.5 is the median, 1 the largest.
    double quantile(double share) {
        if (milliseconds_.empty()) return 0;
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(milliseconds_.size() - 1));
        const auto at = milliseconds_.begin() + static_cast<std::ptrdiff_t>(rank);
        std::nth_element(milliseconds_.begin(), at, milliseconds_.end());
        return static_cast<double>(*at);
    }

private:
    std::vector<float> milliseconds_;
};

}  // namespace repotool::simulation
