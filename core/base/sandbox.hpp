// SPDX-License-Identifier: GPL-3.0-or-later
// Takes rights away from the calling process for good. For worker processes only.
#pragma once

#include <cstddef>

namespace repotool::base {

// From here on the process cannot create or change files, start programs, open sockets or send signals, and
// has at most `extra_memory` bytes of address space beyond today's and `cpu_seconds` of CPU time. Reading
// files and writing to descriptors that are open already goes on. Returns false where the kernel knows no
// seccomp filters.
bool confine_process(std::size_t extra_memory, int cpu_seconds) noexcept;

// `seconds` of CPU time from now on, for the next job of the same worker.
void allow_cpu_time(int seconds) noexcept;

}  // namespace repotool::base
