// SPDX-License-Identifier: GPL-3.0-or-later
// Protocol on the pipe, for each job in order: 'A' or 'F' (answer, failure), 8 bytes of length in host order,
// the bytes. Job i goes to worker i modulo the number of workers, so the parent knows whose answer it reads
// and which job killed a worker; the jobs that were left behind it go to a new one.
#include "core/base/worker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/sandbox.hpp"

namespace repotool::base {
namespace {

bool write_all(int fd, const char* bytes, std::size_t size) noexcept {
    while (size > 0) {
        const ssize_t count = ::write(fd, bytes, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

// False at the end of the stream.
bool read_all(int fd, char* bytes, std::size_t size) noexcept {
    while (size > 0) {
        const ssize_t count = ::read(fd, bytes, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

void send(int fd, char kind, const std::string& bytes) noexcept {
    std::array<char, 9> head{};
    head[0] = kind;
    const std::uint64_t size = bytes.size();
    std::memcpy(head.data() + 1, &size, sizeof size);
    if (!write_all(fd, head.data(), head.size()) || !write_all(fd, bytes.data(), bytes.size())) _exit(1);
}

void answer_one(int fd, std::size_t index, const std::function<std::string(std::size_t)>& job) noexcept {
    try {
        send(fd, 'A', job(index));
    } catch (const Error& error) {
        send(fd, 'F', error.reason());
    } catch (const std::bad_alloc&) {
        send(fd, 'F', "it needs more memory than a package may");
    } catch (const std::exception& error) {
        send(fd, 'F', error.what());
    } catch (...) {
        send(fd, 'F', "unknown exception in the parser");
    }
}

void say_unconfined() noexcept {
    constexpr std::string_view kText =
        "warning: this kernel has no seccomp: packages are parsed without confinement\n";
    write_all(2, kText.data(), kText.size());
}

class Worker {
public:
    Worker(std::size_t first, std::size_t step, std::size_t count,
           const std::function<std::string(std::size_t)>& job, const WorkerLimits& limits) {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make", "pipe");
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ < 0) throw_errno("start", "worker process");
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);   // no worker outlives its parent …
            if (getppid() != parent) _exit(1);  // … nor one that died before this line
            // Nothing that the parent has open is within reach of a parser but the pipe.
            dup2(ends[1], 3);
            close_range(4, ~0U, 0);
            if (!confine_process(limits.extra_memory, limits.cpu_seconds)) say_unconfined();
            for (std::size_t i = first; i < count; i += step) {
                allow_cpu_time(limits.cpu_seconds);
                answer_one(3, i, job);
            }
            _exit(0);  // no destructors: they belong to the parent
        }
        ::close(ends[1]);
        fd_ = ends[0];
    }
    ~Worker() {
        ::close(fd_);
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            wait();
        }
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // The next answer; an empty failure never happens. `alive` turns false when the worker is gone.
    WorkerAnswer next(std::size_t size_limit, bool& alive) {
        std::array<char, 9> head{};
        alive = read_all(fd_, head.data(), head.size());
        if (!alive) return {std::nullopt, death()};
        std::uint64_t size = 0;
        std::memcpy(&size, head.data() + 1, sizeof size);
        if (size > size_limit) {
            alive = false;
            kill(pid_, SIGKILL);
            wait();
            return {std::nullopt, fmt::format("the parser's answer has {} bytes, more than the limit of {}",
                                              size, size_limit)};
        }
        std::string bytes(size, '\0');
        alive = read_all(fd_, bytes.data(), bytes.size());
        if (!alive) return {std::nullopt, death()};
        if (head[0] == 'F') return {std::nullopt, bytes.empty() ? "the parser failed" : bytes};
        return {std::move(bytes), {}};
    }

private:
    int wait() noexcept {
        int status = 0;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        pid_ = -1;
        return status;
    }
    std::string death() {
        const int status = wait();
        if (!WIFSIGNALED(status))
            return fmt::format("the parser ended early with status {}", WEXITSTATUS(status));
        if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
            return "the parser used more CPU time than a package may";
        return fmt::format("the parser was ended by signal {} ({})", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
    }

    pid_t pid_ = -1;
    int fd_ = -1;
};

}  // namespace

void run_in_workers(std::size_t count, std::size_t processes,
                    const std::function<std::string(std::size_t)>& job,
                    const std::function<void(std::size_t, WorkerAnswer)>& collect,
                    const WorkerLimits& limits) {
    const std::size_t step = std::clamp<std::size_t>(processes, 1, std::max<std::size_t>(count, 1));
    std::vector<std::unique_ptr<Worker>> workers(step);
    for (std::size_t i = 0; i < step && i < count; ++i)
        workers[i] = std::make_unique<Worker>(i, step, count, job, limits);
    for (std::size_t i = 0; i < count; ++i) {
        auto& worker = workers.at(i % step);
        if (!worker) worker = std::make_unique<Worker>(i, step, count, job, limits);  // the one before died
        bool alive = true;
        WorkerAnswer answer = worker->next(limits.answer_size, alive);
        if (!alive) worker.reset();
        collect(i, std::move(answer));
    }
}

}  // namespace repotool::base
