// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a tool, this moves its wall clock by SHIFTED_CLOCK seconds (tests/support/clock.py): weeks
// of grace pass in no time, and nothing in the product knows of it. Waiting is not shifted. With
// STOPPED_CLOCK it stands at that moment: two runs write the same signatures.
#include <cstdlib>
#include <ctime>

namespace {
time_t moment() noexcept {
    if (const char* stopped = std::getenv("STOPPED_CLOCK")) return std::atoll(stopped);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const char* shift = std::getenv("SHIFTED_CLOCK");
    return now.tv_sec + (shift != nullptr ? std::atoll(shift) : 0);
}
}  // namespace

extern "C" time_t time(time_t* result) noexcept {
    const time_t now = moment();
    if (result != nullptr) *result = now;
    return now;
}
