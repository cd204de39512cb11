// SPDX-License-Identifier: GPL-3.0-or-later
// Waits for file descriptors that a library handed out with the request to watch them (GPGME's event loop).
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace repotool::base {

enum class Direction { reading, writing };

// A descriptor and what it is to become ready for. `is_ready` is the answer: true also where the other end is
// closed or broken, which the next read or write tells.
struct Awaited {
    int descriptor = -1;
    Direction direction = Direction::reading;
    bool is_ready = false;
};

// Returns when at least one is ready, after `patience`, or early, with none ready, when a signal came.
// `whom` is for the message of the SystemError that is thrown when waiting fails.
void wait_until_ready(std::vector<Awaited>& awaited, std::chrono::milliseconds patience,
                      const std::string& whom);

}  // namespace repotool::base
