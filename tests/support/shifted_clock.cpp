// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a tool, this moves its wall clock by SHIFTED_CLOCK seconds (tests/support/clock.py): weeks
// of grace pass in no time, and nothing in the product knows of it. Waiting is not shifted.
#include <cstdlib>
#include <ctime>

extern "C" time_t time(time_t* result) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const char* shift = std::getenv("SHIFTED_CLOCK");
    const time_t shifted = now.tv_sec + (shift != nullptr ? std::atoll(shift) : 0);
    if (result != nullptr) *result = shifted;
    return shifted;
}
