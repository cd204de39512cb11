// SPDX-License-Identifier: GPL-3.0-or-later
// Talk to people while something runs. Without further ado it goes to standard error, one line per message,
// never to standard output; a program may put something else in the place of that (core/console) and listen
// besides.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace repotool::base {

enum class Verbosity { quiet, normal, verbose };
enum class Level { detail, step, info, warning, error };
const char* level_name(Level level) noexcept;

struct Message {
    Level level = Level::info;
    std::string_view text;
    std::int64_t ms = 0;  // of a step: how long it took
};
using Sink = std::function<void(const Message&)>;

void set_verbosity(Verbosity verbosity) noexcept;
Verbosity verbosity() noexcept;
// Whether a message of this level is for people to see: errors and warnings always, info unless quiet, the
// rest with -v.
bool is_shown(Level level) noexcept;

// Takes all messages, shown or not, in the place of standard error; an empty one gives that back.
void set_console(Sink console);
// Is told every message besides. Sinks are called one at a time.
void add_sink(Sink sink);
void remove_sinks();

// Shown unless quiet.
void info(std::string_view message);
// Shown with -v.
void detail(std::string_view message);
// Always shown, as "warning: …".
void warn(std::string_view message);
// For sinks alone, such as what was started and how it ended.
void note(Level level, std::string_view message);
// A step of the work is done. Shown with -v.
void step(std::string_view name, std::int64_t ms);

// One line on standard error.
void say(std::string_view line);
bool is_terminal_on_stderr() noexcept;

}  // namespace repotool::base
