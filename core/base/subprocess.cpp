// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/subprocess.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

extern char** environ;

namespace repotool::base {
namespace {

struct Pipe {
    std::array<int, 2> ends{-1, -1};
    Pipe() {
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make", "pipe");
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_end(std::size_t i) {
        if (ends.at(i) >= 0) ::close(ends.at(i));
        ends.at(i) = -1;
    }
};

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
    std::vector<std::string> merged = extra;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('=') + 1);
        bool overridden = false;
        for (const auto& item : extra) overridden = overridden || item.starts_with(name);
        if (!overridden) merged.emplace_back(text);
    }
    return merged;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

enum class Session { ours, own };

pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, Session session,
            Pipe& in, Pipe& out, Pipe& err) {
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    if (session == Session::own) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // no other thread's pipes
    auto argv = pointers(arguments);
    auto envp = pointers(environment);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw SystemError(error, "run", arguments[0]);
    return pid;
}

// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& into) {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) into.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

// Feeds and drains the three pipes until both outputs end; false when the deadline passed first, or `stop`
// was asked for.
bool converse(Pipe& in, Pipe& out, Pipe& err, std::string_view input, ProcessResult& result,
              std::int64_t deadline, const std::stop_token& stop) {
    constexpr std::int64_t kStep = 100;
    fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        if (input.empty()) in.close_end(1);
        std::array<pollfd, 3> waits{
            {{in.ends[1], POLLOUT, 0}, {out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
        const std::int64_t left = deadline - monotonic_ms();
        if (left <= 0 || stop.stop_requested()) return false;
        poll(waits.data(), waits.size(),
             static_cast<int>(stop.stop_possible() ? std::min(left, kStep) : left));
        if (waits[0].revents != 0) {
            const ssize_t count = ::write(in.ends[1], input.data(), input.size());
            if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
            if (count < 0 && errno != EAGAIN && errno != EINTR) input = {};
        }
        if (waits[1].revents != 0 && !drain(out.ends[0], result.standard_output)) out.close_end(0);
        if (waits[2].revents != 0 && !drain(err.ends[0], result.standard_error)) err.close_end(0);
    }
    return true;
}

ProcessResult run(const std::vector<std::string>& arguments, std::string_view standard_input,
                  const std::vector<std::string>& environment, const SessionLimits& limits, Session session) {
    Pipe in;
    Pipe out;
    Pipe err;
    const pid_t pid = spawn(arguments, merged_environment(environment), session, in, out, err);
    in.close_end(0);
    out.close_end(1);
    err.close_end(1);
    ProcessResult result;
    const std::int64_t deadline = monotonic_ms() + 1000LL * limits.deadline_seconds;
    const bool ended = converse(in, out, err, standard_input, result, deadline, limits.stop);
    if (!ended) kill(session == Session::own ? -pid : pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (!ended) {
        result.exit_code = 124;
    } else {
        result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return result;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, std::string_view standard_input,
                          const std::vector<std::string>& environment, int deadline_seconds) {
    return run(arguments, standard_input, environment, {deadline_seconds, {}}, Session::ours);
}

ProcessResult run_session(const std::vector<std::string>& arguments, std::string_view standard_input,
                          const std::vector<std::string>& environment, const SessionLimits& limits) {
    return run(arguments, standard_input, environment, limits, Session::own);
}

}  // namespace repotool::base
