// SPDX-License-Identifier: GPL-3.0-or-later
// A fork of this process for code that uses process-wide state and starts programs (librpm, when it signs).
// It leads a session of its own, so that nothing in it has a terminal to ask at, and all of it can be ended
// at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace repotool::base {

struct ChildOutcome {
    enum class End { succeeded, failed, silent } end = End::failed;
    std::size_t steps_done = 0;  // how many steps returned before the end
    std::string message;         // what the failing step threw, and what its programs said on standard error
};

// Runs step(0) … step(count-1) in a child. A child that finishes no step within `patience` is killed with
// everything that it started. Like every fork it wants the calling process to hold no locks: call it while
// no other thread uses what the steps use.
ChildOutcome run_steps_in_child(std::size_t count, const std::function<void(std::size_t)>& step,
                                std::chrono::seconds patience);

}  // namespace repotool::base
