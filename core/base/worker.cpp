// SPDX-License-Identifier: GPL-3.0-or-later
// Protocol: a request is 8 bytes of length in host order and the bytes, on a socket; its answer, on a pipe,
// 'A' or 'F' (answer, failure), length and bytes likewise. Job i goes to worker i modulo the number of
// workers, which answers in order, so the parent knows whose answer it reads and which job killed a worker;
// the jobs that were left behind it go to a new one. The parent never waits for a worker to take a request
// while that worker may be waiting to get rid of an answer.
#include "core/base/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/sandbox.hpp"

namespace repotool::base {
namespace {

using Descriptors = std::array<int, 2>;

constexpr std::size_t kMostWaiting = 32;  // requests of a worker that it has not answered

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

void answer_one(int fd, const std::string& request,
                const std::function<std::string(const std::string&)>& job) noexcept {
    try {
        send(fd, 'A', job(request));
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

// The worker's own ends become 3 and 4, whatever they were.
void take_ends(int answers, int requests) noexcept {
    const int first = fcntl(answers, F_DUPFD, 16);
    const int second = fcntl(requests, F_DUPFD, 16);
    dup2(first, 3);
    dup2(second, 4);
    close_range(5, ~0U, 0);
}

[[noreturn]] void serve(const std::function<std::string(const std::string&)>& job,
                        const WorkerLimits& limits) noexcept {
    if (!confine_process(limits.extra_memory, limits.cpu_seconds)) say_unconfined();
    std::string request;
    for (std::uint64_t size = 0; read_all(4, reinterpret_cast<char*>(&size), sizeof size);) {
        request.resize(size);
        if (!read_all(4, request.data(), size)) break;
        allow_cpu_time(limits.cpu_seconds);
        answer_one(3, request, job);
    }
    _exit(0);  // no destructors: they belong to the parent
}

class Worker {
public:
    Worker(const std::function<std::string(const std::string&)>& job, const WorkerLimits& limits) {
        Descriptors answers{}, requests{};
        if (pipe2(answers.data(), O_CLOEXEC) != 0) throw_errno("make", "pipe");
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, requests.data()) != 0) {
            const int error = errno;
            for (const int fd : answers) ::close(fd);
            throw SystemError(error, "make", "socket");
        }
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);   // no worker outlives its parent …
            if (getppid() != parent) _exit(1);  // … nor one that died before this line
            // Nothing that the parent has open is within reach of a parser but these.
            take_ends(answers[1], requests[1]);
            serve(job, limits);
        }
        const int error = errno;
        ::close(answers[1]);
        ::close(requests[1]);
        fd_ = answers[0];
        requests_ = requests[0];
        if (pid_ < 0) {
            ::close(fd_);
            ::close(requests_);
            throw SystemError(error, "start", "worker process");
        }
    }
    ~Worker() {
        ::close(fd_);
        ::close(requests_);
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            wait();
        }
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void give(std::string_view request) {
        const std::uint64_t size = request.size();
        unsent_.append(reinterpret_cast<const char*>(&size), sizeof size);
        unsent_ += request;
        send_some();
    }

    // The next answer; an empty failure never happens. `alive` turns false when the worker is gone.
    WorkerAnswer next(std::size_t size_limit, bool& alive) {
        send_until_answer();
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
    // What the worker takes without waiting. Where it is gone, reading its answer tells.
    void send_some() noexcept {
        while (!unsent_.empty()) {
            const ssize_t count =
                ::send(requests_, unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno != EAGAIN) unsent_.clear();
            if (count < 0) return;
            unsent_.erase(0, static_cast<std::size_t>(count));
        }
    }
    void send_until_answer() noexcept {
        for (send_some(); !unsent_.empty(); send_some()) {
            std::array<pollfd, 2> ends{{{fd_, POLLIN, 0}, {requests_, POLLOUT, 0}}};
            if (::poll(ends.data(), ends.size(), -1) > 0 && ends[0].revents != 0) return;
        }
    }
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
    int requests_ = -1;
    std::string unsent_;
};

}  // namespace

struct WorkerPool::State {
    // Requests that a worker has not answered, the oldest first.
    struct Seat {
        std::unique_ptr<Worker> worker;
        std::deque<std::string> requests;
    };

    void start(Seat& seat) {
        const auto fork = [&] { seat.worker = std::make_unique<Worker>(job, limits); };
        fork_guard ? fork_guard(fork) : fork();
        for (const auto& request : seat.requests) seat.worker->give(request);
    }
    void collect_next() {
        Seat& seat = seats[collected % seats.size()];
        if (!seat.worker) start(seat);  // the one before died
        bool alive = true;
        WorkerAnswer answer = seat.worker->next(limits.answer_size, alive);
        if (!alive) seat.worker.reset();
        seat.requests.pop_front();
        collect(collected++, std::move(answer));
    }

    std::function<std::string(const std::string&)> job;
    std::function<void(std::size_t, WorkerAnswer)> collect;
    WorkerLimits limits;
    std::function<void(const std::function<void()>&)> fork_guard;
    std::vector<Seat> seats;
    std::size_t added = 0, collected = 0;
};

WorkerPool::WorkerPool(std::size_t processes, std::function<std::string(const std::string&)> job,
                       std::function<void(std::size_t, WorkerAnswer)> collect, const WorkerLimits& limits)
    : state_(std::make_unique<State>()) {
    state_->job = std::move(job);
    state_->collect = std::move(collect);
    state_->limits = limits;
    state_->seats.resize(std::max<std::size_t>(processes, 1));
    for (auto& seat : state_->seats) state_->start(seat);
}

WorkerPool::~WorkerPool() = default;

void WorkerPool::set_fork_guard(std::function<void(const std::function<void()>&)> guard) {
    state_->fork_guard = std::move(guard);
}

void WorkerPool::add(std::string request) {
    State& state = *state_;
    while (state.added - state.collected >= kMostWaiting * state.seats.size()) state.collect_next();
    State::Seat& seat = state.seats[state.added++ % state.seats.size()];
    if (seat.worker) seat.worker->give(request);
    seat.requests.push_back(std::move(request));
}

void WorkerPool::finish() {
    while (state_->collected < state_->added) state_->collect_next();
}

void run_in_workers(std::size_t count, std::size_t processes,
                    const std::function<std::string(std::size_t)>& job,
                    const std::function<void(std::size_t, WorkerAnswer)>& collect,
                    const WorkerLimits& limits) {
    if (count == 0) return;
    WorkerPool pool(
        std::min(processes, count),
        [&](const std::string& request) {
            std::size_t index = 0;
            std::memcpy(&index, request.data(), sizeof index);
            return job(index);
        },
        collect, limits);
    for (std::size_t i = 0; i < count; ++i)
        pool.add(std::string(reinterpret_cast<const char*>(&i), sizeof i));
    pool.finish();
}

}  // namespace repotool::base
