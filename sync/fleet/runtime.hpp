// SPDX-License-Identifier: GPL-3.0-or-later
// The threads and the time of a fleet: the real ones, or simulated ones (bench/), under the same coordinator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/time.hpp"

namespace repotool::sync {

// Something that ends when the object dies.
class Alarm {
public:
    virtual ~Alarm() = default;
};

class Runtime {
public:
    virtual ~Runtime() = default;
    // Of a clock that never steps.
    virtual std::int64_t monotonic_ms() = 0;
    virtual base::UnixSeconds now() = 0;
    virtual void sleep_ms(std::int64_t milliseconds) = 0;
    // At least 0, below 1.
    virtual double random() = 0;
    // Calls each once, at most `parallel` at a time; returns when all have returned. None of them throws.
    virtual void run_all(const std::vector<std::function<void()>>& work, std::size_t parallel) = 0;
    // Calls `ring` once, in some thread, unless the alarm dies before.
    virtual std::unique_ptr<Alarm> set_alarm(std::int64_t milliseconds, std::function<void()> ring) = 0;
};

Runtime& real_runtime();

}  // namespace repotool::sync
