// SPDX-License-Identifier: GPL-3.0-or-later
// Run another program without a shell.
#pragma once

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

}  // namespace repotool::base
