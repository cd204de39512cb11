// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

namespace repotool::base {
namespace {

std::atomic<Verbosity> current_verbosity{Verbosity::normal};

struct Listeners {
    std::mutex mutex;
    Sink console;
    std::vector<Sink> sinks;
};
Listeners& listeners() {
    static Listeners all;
    return all;
}

void write_plainly(const Message& message) {
    if (!is_shown(message.level)) return;
    if (message.level == Level::step) {
        say(fmt::format("{} {} ms", message.text, message.ms));
    } else {
        say(fmt::format("{}{}", message.level == Level::warning ? "warning: " : "", message.text));
    }
}

void tell(const Message& message) {
    Listeners& all = listeners();
    const std::lock_guard lock(all.mutex);
    all.console ? all.console(message) : write_plainly(message);
    for (const auto& sink : all.sinks) sink(message);
}

}  // namespace

const char* level_name(Level level) noexcept {
    switch (level) {
        case Level::detail:
            return "detail";
        case Level::step:
            return "step";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "info";
}

void set_verbosity(Verbosity verbosity) noexcept {
    current_verbosity = verbosity;
}
Verbosity verbosity() noexcept {
    return current_verbosity;
}
bool is_shown(Level level) noexcept {
    if (level == Level::detail || level == Level::step) return verbosity() == Verbosity::verbose;
    return level != Level::info || verbosity() != Verbosity::quiet;
}

void set_console(Sink console) {
    const std::lock_guard lock(listeners().mutex);
    listeners().console = std::move(console);
}
void add_sink(Sink sink) {
    const std::lock_guard lock(listeners().mutex);
    listeners().sinks.push_back(std::move(sink));
}
void remove_sinks() {
    const std::lock_guard lock(listeners().mutex);
    listeners().sinks.clear();
}

void info(std::string_view message) {
    tell({Level::info, message});
}
void detail(std::string_view message) {
    tell({Level::detail, message});
}
void warn(std::string_view message) {
    tell({Level::warning, message});
}
void note(Level level, std::string_view message) {
    const std::lock_guard lock(listeners().mutex);
    for (const auto& sink : listeners().sinks) sink({level, message});
}
void step(std::string_view name, std::int64_t ms) {
    tell({Level::step, name, ms});
}

void say(std::string_view line) {
    // One write per line, so that lines of parallel jobs do not interleave.
    const std::string whole = fmt::format("{}\n", line);
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

bool is_terminal_on_stderr() noexcept {
    return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace repotool::base
