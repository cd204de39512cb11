// SPDX-License-Identifier: GPL-3.0-or-later
// Where the talk of a run goes: progress on standard error (--progress), and a log file (--log-file).
#pragma once

#include <string>
#include <string_view>

namespace repotool::console {

enum class Progress {
    automatic,  // tty on a terminal; elsewhere steps with -v alone
    tty,        // one line a step
    plain,      // likewise, wherever standard error leads
    json,       // every message as one line of JSON (schemas/progress-event.schema.json)
    none,       // no steps
};
// Throws base::Error (usage).
Progress parse_progress(std::string_view word);

// From here on messages are shown so; heeds base::verbosity().
void show_progress(Progress progress);

// From here on every message goes to the end of this file, too, shown or not: one line of JSON each
// (schemas/progress-event.schema.json). Throws base::Error where it cannot be opened; when it cannot be
// written any more, one warning, and the work goes on.
void open_log_file(const std::string& path);

}  // namespace repotool::console
