// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/byte_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <mutex>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

extern char** environ;

namespace repotool::base {
namespace {

constexpr std::size_t kMostComplaints = 2000;  // bytes

class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return number_; }
    void reset(int number = -1) {
        if (number_ >= 0) ::close(number_);
        number_ = number;
    }
    void take(Descriptor& other) {
        reset(other.number_);
        other.number_ = -1;
    }

private:
    int number_;
};

[[noreturn]] void fail(const std::string& name, const std::string& reason) {
    throw Error(ErrorKind::network, "talk to", name, reason);
}

void set_nonblocking(int descriptor) {
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

enum class Kind { socket, file };

// The bytes of two descriptors that do not block, which may be the same.
class DescriptorStream {
public:
    struct Hooks {
        std::function<void()> look_around;  // while it waits
        std::function<std::string()> gone;  // why the connection is no more
    };
    DescriptorStream(int in, int out, Kind kind, std::string name, std::chrono::milliseconds patience,
                     Hooks hooks)
        : in_(in),
          out_(out),
          kind_(kind),
          name_(std::move(name)),
          patience_(patience),
          hooks_(std::move(hooks)) {
        set_nonblocking(in);
        set_nonblocking(out);
    }

    void write(std::string_view bytes) {
        std::int64_t deadline = monotonic_ms() + patience_.count();
        while (!bytes.empty()) {
            const ssize_t count = kind_ == Kind::socket
                                      ? ::send(out_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                      : ::write(out_, bytes.data(), bytes.size());
            if (count > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
                deadline = monotonic_ms() + patience_.count();
            } else if (errno == EAGAIN) {
                if (!wait(out_, POLLOUT, deadline)) fail(name_, took_too_long("took nothing"));
            } else if (errno != EINTR) {
                fail(name_, hooks_.gone());
            }
        }
    }

    std::size_t read(std::span<char> buffer) {
        const std::int64_t deadline = monotonic_ms() + patience_.count();
        for (;;) {
            const ssize_t count = ::read(in_, buffer.data(), buffer.size());
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno == EAGAIN) {
                if (!wait(in_, POLLIN, deadline)) fail(name_, took_too_long("said nothing"));
            } else if (errno != EINTR) {
                fail(name_, hooks_.gone());
            }
        }
    }

    bool has_input(std::chrono::milliseconds patience) const {
        pollfd waits{in_, POLLIN, 0};
        const int ready = ::poll(&waits, 1, static_cast<int>(patience.count()));
        hooks_.look_around();
        return ready > 0;
    }

private:
    bool wait(int descriptor, int events, std::int64_t deadline) const {
        constexpr std::int64_t kStep = 500;
        for (auto left = deadline - monotonic_ms(); left > 0; left = deadline - monotonic_ms()) {
            pollfd waits{descriptor, static_cast<short>(events), 0};
            const int ready = ::poll(&waits, 1, static_cast<int>(std::min(left, kStep)));
            hooks_.look_around();
            if (ready > 0) return true;
        }
        return false;
    }
    std::string took_too_long(const char* what) const {
        return fmt::format("it {} for {} s", what, patience_.count() / 1000);
    }

    int in_;
    int out_;
    Kind kind_;
    std::string name_;
    std::chrono::milliseconds patience_;
    Hooks hooks_;
};

struct Ends {
    Descriptor ours, theirs;
};

void open_socket(Ends& ends) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) throw_errno("make", "socket");
    ends.ours.reset(pair[0]);
    ends.theirs.reset(pair[1]);
}

void open_pipe(Ends& ends) {
    std::array<int, 2> pair{};
    if (pipe2(pair.data(), O_CLOEXEC) != 0) throw_errno("make", "pipe");
    ends.ours.reset(pair[0]);
    ends.theirs.reset(pair[1]);
}

pid_t spawn(std::vector<std::string> arguments, int talk, int complaints) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, talk, 0);
    posix_spawn_file_actions_adddup2(&actions, talk, 1);
    posix_spawn_file_actions_adddup2(&actions, complaints, 2);
    // Another thread may be talking to a program through pipes of a library's making (GPGME): whoever has an
    // end of them, too, keeps that program waiting for the end of its input.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // no terminal to ask at; ended as a whole
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw SystemError(error, "run", arguments[0]);
    return pid;
}

class ProgramStream : public ByteStream {
public:
    ProgramStream(const std::vector<std::string>& arguments, const std::string& name,
                  std::chrono::milliseconds patience) {
        Ends talk;
        Ends errors;
        open_socket(talk);
        open_pipe(errors);
        pid_ = spawn(arguments, talk.theirs.get(), errors.theirs.get());
        talk_.take(talk.ours);
        errors_.take(errors.ours);
        set_nonblocking(errors_.get());
        stream_ = std::make_unique<DescriptorStream>(
            talk_.get(), talk_.get(), Kind::socket, name, patience,
            DescriptorStream::Hooks{[this] { listen(); }, [this] { return gone(); }});
    }
    ~ProgramStream() override {
        talk_.reset();
        constexpr int kPatienceMs = 2000;  // to see that its input ended
        int status = 0;
        for (int waited = 0; waited < kPatienceMs && waitpid(pid_, &status, WNOHANG) == 0; waited += kStepMs)
            system_clock().sleep_ms(kStepMs);
        if (waitpid(pid_, &status, WNOHANG) != 0) return;
        ::kill(-pid_, SIGKILL);
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    }
    ProgramStream(const ProgramStream&) = delete;
    ProgramStream& operator=(const ProgramStream&) = delete;

    void write(std::string_view bytes) override { stream_->write(bytes); }
    std::size_t read(std::span<char> buffer) override { return stream_->read(buffer); }
    bool has_input(std::chrono::milliseconds patience) override { return stream_->has_input(patience); }
    std::string complaints() override {
        // What it said last may still be on its way.
        pollfd waits{errors_.get(), POLLIN, 0};
        if (::poll(&waits, 1, kStepMs * 10) > 0) listen();
        const std::scoped_lock lock(mutex_);
        return std::string(trim(complaints_));
    }

private:
    static constexpr int kStepMs = 20;

    void listen() {
        const std::scoped_lock lock(mutex_);  // a writer and a reader may wait at once
        std::array<char, 4096> buffer{};
        for (;;) {
            const ssize_t count = ::read(errors_.get(), buffer.data(), buffer.size());
            if (count <= 0) return;
            complaints_.append(buffer.data(), static_cast<std::size_t>(count));
            if (complaints_.size() > kMostComplaints)
                complaints_.erase(0, complaints_.size() - kMostComplaints);
        }
    }
    std::string gone() {
        const std::string said = complaints();
        return said.empty() ? "the connection is gone" : fmt::format("the connection is gone ({})", said);
    }

    Descriptor talk_, errors_;
    pid_t pid_ = -1;
    std::mutex mutex_;
    std::string complaints_;
    std::unique_ptr<DescriptorStream> stream_;
};

class StandardStream : public ByteStream {
public:
    explicit StandardStream(std::chrono::milliseconds patience)
        : stream_(0, 1, Kind::file, "the coordinator", patience,
                  {[] {}, [] { return std::string("the connection is gone"); }}) {
        ::signal(SIGPIPE, SIG_IGN);
    }
    void write(std::string_view bytes) override { stream_.write(bytes); }
    std::size_t read(std::span<char> buffer) override { return stream_.read(buffer); }
    bool has_input(std::chrono::milliseconds patience) override { return stream_.has_input(patience); }

private:
    DescriptorStream stream_;
};

}  // namespace

std::unique_ptr<ByteStream> start_program(const std::vector<std::string>& arguments, const std::string& name,
                                          std::chrono::milliseconds patience) {
    return std::make_unique<ProgramStream>(arguments, name, patience);
}

std::unique_ptr<ByteStream> standard_stream(std::chrono::milliseconds patience) {
    return std::make_unique<StandardStream>(patience);
}

}  // namespace repotool::base
