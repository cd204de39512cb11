// SPDX-License-Identifier: GPL-3.0-or-later
// Worker processes for parsers of foreign bytes. A worker is a fork of this process that cannot write files,
// start programs or open sockets (seccomp), and has little memory and CPU time (setrlimit); its answers come
// back over a pipe. A parser that crashes, hangs or eats memory costs its own job and nothing else.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
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

// Workers that get each job as bytes. Answers are taken in the order of the jobs.
class WorkerPool {
public:
    // `job` runs in the workers. The workers start here: where threads are at work, no lock of theirs may be
    // held then.
    WorkerPool(std::size_t processes, std::function<std::string(const std::string& request)> job,
               std::function<void(std::size_t number, WorkerAnswer)> collect,
               const WorkerLimits& limits = {});
    // Kills those that are left.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // A worker that died is replaced within `guard(fork)`: it has to see to it that no thread holds a lock.
    void set_fork_guard(std::function<void(const std::function<void()>& fork)> guard);
    // Jobs are numbered from 0. Collects answers while it has to wait.
    void add(std::string request);
    // Collects the answers that are left.
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Runs job(0) … job(count-1) in at most `processes` workers and hands each answer to `collect` in the parent,
// in the order of the jobs. A job that throws gives a failure with the exception's text. Call it before
// starting threads.
void run_in_workers(std::size_t count, std::size_t processes,
                    const std::function<std::string(std::size_t)>& job,
                    const std::function<void(std::size_t, WorkerAnswer)>& collect,
                    const WorkerLimits& limits = {});

}  // namespace repotool::base
