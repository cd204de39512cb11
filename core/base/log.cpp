// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/log.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

namespace repotool::base {
namespace {
std::atomic<Verbosity> current_verbosity{Verbosity::normal};

void say(std::string_view message) {
    // One write per line, so that lines of parallel jobs do not interleave.
    const std::string line = fmt::format("{}\n", message);
    std::fwrite(line.data(), 1, line.size(), stderr);
}
}  // namespace

void set_verbosity(Verbosity verbosity) noexcept {
    current_verbosity = verbosity;
}
void info(std::string_view message) {
    if (current_verbosity.load() != Verbosity::quiet) say(message);
}
void detail(std::string_view message) {
    if (current_verbosity.load() == Verbosity::verbose) say(message);
}
void warn(std::string_view message) {
    say(fmt::format("warning: {}", message));
}

}  // namespace repotool::base
