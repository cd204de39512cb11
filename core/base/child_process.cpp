// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::base {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using TemporaryFile = std::unique_ptr<std::FILE, CloseFile>;

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const noexcept { return number_; }
    void reset() noexcept {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

private:
    int number_;
};

// A child that still runs when this goes away is killed with its whole session.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child() { (void)end(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int wait() {
        int status = 0;
        while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        pid_ = 0;
        return status;
    }
    int end() {
        if (pid_ <= 0) return 0;
        ::kill(-pid_, SIGKILL);
        ::kill(pid_, SIGKILL);  // in case it had no time to lead its own group
        return wait();
    }

private:
    pid_t pid_;
};

void leave_the_terminal(int standard_error) {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE,
                SIG_IGN);  // a program that dies early is an error of the write, told with its reason
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(nothing, STDOUT_FILENO);
    ::dup2(standard_error, STDERR_FILENO);
    ::unsetenv("DISPLAY");
    ::unsetenv("WAYLAND_DISPLAY");
    ::setenv("LC_ALL", "C", 1);  // what programs say becomes part of our messages
}

[[noreturn]] void be_the_child(std::size_t count, const std::function<void(std::size_t)>& step,
                               int progress) {
    try {
        for (std::size_t index = 0; index < count; ++index) {
            step(index);
            if (::write(progress, ".", 1) != 1) ::_exit(1);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
    }
    ::_exit(0);  // no destructors and no atexit handlers of the parent
}

// Counts the bytes that say "one step done" until the child closes its end. False when it was silent for too
// long.
bool follow(int progress, std::chrono::seconds patience, std::size_t& steps_done) {
    std::array<char, 64> buffer{};
    const auto milliseconds =
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count());
    for (;;) {
        pollfd waiting{progress, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, milliseconds);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return false;
        const ssize_t count = ::read(progress, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return true;
        steps_done += static_cast<std::size_t>(count);
    }
}

std::string contents(std::FILE* file) {
    std::string text;
    std::array<char, 4096> buffer{};
    std::rewind(file);
    while (const auto count = std::fread(buffer.data(), 1, buffer.size(), file))
        text.append(buffer.data(), count);
    return std::string(trim(text));
}

}  // namespace

ChildOutcome run_steps_in_child(std::size_t count, const std::function<void(std::size_t)>& step,
                                std::chrono::seconds patience) {
    const TemporaryFile said(std::tmpfile());
    if (!said) throw_errno("make", "a temporary file");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make", "a pipe");
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    std::fflush(nullptr);  // what is buffered must not be written twice
    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("start", "a child process");
    if (pid == 0) {
        leave_the_terminal(::fileno(said.get()));
        be_the_child(count, step, writing.get());
    }
    Child child(pid);
    writing.reset();
    ChildOutcome outcome;
    if (!follow(reading.get(), patience, outcome.steps_done)) {
        outcome.end = ChildOutcome::End::silent;
        (void)child.end();
    } else if (child.wait() == 0 && outcome.steps_done == count) {
        outcome.end = ChildOutcome::End::succeeded;
    }
    outcome.message = contents(said.get());
    return outcome;
}

}  // namespace repotool::base
