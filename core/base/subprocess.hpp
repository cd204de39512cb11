// SPDX-License-Identifier: GPL-3.0-or-later
// Run another program without a shell.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::base {

struct ProcessResult {
    int exit_code = 0;  // 128 + n when signal n ended it, 124 when the deadline did
    std::string standard_output;
    std::string standard_error;
};

// Runs `arguments` (the first is the program, looked up in PATH), feeds `standard_input`, waits at most
// `deadline_seconds` and then kills it. `environment` adds or overrides variables as "NAME=value".
// Throws SystemError when the program cannot be started. Only the calling thread waits.
ProcessResult run_process(const std::vector<std::string>& arguments, std::string_view standard_input = {},
                          const std::vector<std::string>& environment = {}, int deadline_seconds = 60);

struct SessionLimits {
    int deadline_seconds = 60;
    std::stop_token stop{};  // asked for: it ends at once, with exit code 124, too
};
// The same for programs that start others: a session of its own, without a terminal to ask at, that is killed
// as a whole.
ProcessResult run_session(const std::vector<std::string>& arguments, std::string_view standard_input,
                          const std::vector<std::string>& environment, const SessionLimits& limits);

}  // namespace repotool::base
