// SPDX-License-Identifier: GPL-3.0-or-later
// Worker processes for parsers of foreign bytes. A worker is a fork of this process that cannot write files,
// start programs or open sockets (seccomp), and has little memory and CPU time (setrlimit); its answers come
// back over a pipe. A parser that crashes, hangs or eats memory costs its own job and nothing else.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace repotool::base {

struct WorkerLimits {
    std::size_t extra_memory = std::size_t{512}
                               << 20U;  // bytes of address space beyond what the parent has mapped
    int cpu_seconds = 60;               // per job
    std::size_t answer_size = std::size_t{256} << 20U;  // bytes of one answer; a larger one is refused
};

// What became of one job: an answer, or the reason why there is none (an Error's text, "killed by signal 11",
// …).
struct WorkerAnswer {
    std::optional<std::string> bytes;
    std::string failure;
};

// Runs job(0) … job(count-1) in at most `processes` workers and hands each answer to `collect` in the parent,
// in the order of the jobs. A job that throws gives a failure with the exception's text. Call it before
// starting threads.
void run_in_workers(std::size_t count, std::size_t processes,
                    const std::function<std::string(std::size_t)>& job,
                    const std::function<void(std::size_t, WorkerAnswer)>& collect,
                    const WorkerLimits& limits = {});

}  // namespace repotool::base
