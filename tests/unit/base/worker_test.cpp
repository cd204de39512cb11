// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <new>
#include <stdexcept>

#include "core/base/error.hpp"
#include "core/base/worker.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::base {
namespace {

std::vector<WorkerAnswer> run(std::size_t count, std::size_t processes,
                              const std::function<std::string(std::size_t)>& job, WorkerLimits limits = {}) {
    std::vector<WorkerAnswer> answers;
    run_in_workers(
        count, processes, job,
        [&](std::size_t i, WorkerAnswer answer) {
            REQUIRE(i == answers.size());  // in order
            answers.push_back(std::move(answer));
        },
        limits);
    return answers;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

TEST_CASE("answers come back in the order of the jobs", "[worker]") {
    const auto answers =
        run(25, 3, [](std::size_t i) { return std::string(i * 1000, static_cast<char>('a' + i)); });
    REQUIRE(answers.size() == 25);
    for (std::size_t i = 0; i < answers.size(); ++i)
        CHECK(answers[i].bytes == std::string(i * 1000, static_cast<char>('a' + i)));
}

TEST_CASE("a job that throws fails alone and says why", "[worker]") {
    const auto answers = run(6, 2, [](std::size_t i) -> std::string {
        if (i == 2) throw Error(ErrorKind::input, "read", "x", "it is truncated");
        if (i == 3) throw std::runtime_error("strange");
        return "good";
    });
    CHECK(answers[2].failure == "it is truncated");
    CHECK(answers[3].failure == "strange");
    for (const std::size_t i : {0U, 1U, 4U, 5U}) CHECK(answers[i].bytes == "good");
}

TEST_CASE("a parser that crashes or ends costs its own job and nothing else", "[worker]") {
    const auto answers = run(9, 2, [](std::size_t i) -> std::string {
        if (i == 1 || i == 4) std::abort();
        if (i == 5) _exit(3);
        return "good";
    });
    for (const std::size_t i : {1U, 4U}) CHECK(answers[i].failure.find("ended") != std::string::npos);
    CHECK(answers[5].failure.find("status 3") != std::string::npos);
    for (const std::size_t i : {0U, 2U, 3U, 6U, 7U, 8U}) CHECK(answers[i].bytes == "good");
}

TEST_CASE("a parser that eats memory or time is stopped", "[worker]") {
    if (kSanitized) return;  // their allocators need an address space without limit
    WorkerLimits limits;
    limits.extra_memory = std::size_t{64} << 20U;
    limits.cpu_seconds = 1;
    const auto answers = run(
        3, 1,
        [](std::size_t i) -> std::string {
            if (i == 0) return std::string(std::size_t{1} << 30U, 'x');
            if (i == 1) {
                volatile unsigned spin = 1;
                while (spin != 0) continue;
            }
            return "good";
        },
        limits);
    CHECK(answers[0].failure.find("memory") != std::string::npos);
    CHECK(answers[1].failure.find("CPU time") != std::string::npos);
    CHECK(answers[2].bytes == "good");
}

TEST_CASE("an answer beyond the limit is refused", "[worker]") {
    WorkerLimits limits;
    limits.answer_size = 1000;
    const auto answers = run(
        2, 1, [](std::size_t i) { return std::string(i == 0 ? 2000 : 1000, 'x'); }, limits);
    CHECK(answers[0].failure.find("limit") != std::string::npos);
    CHECK(answers[1].bytes);
}

TEST_CASE("a worker cannot write files, start programs or open sockets, but can read", "[worker]") {
    testing::TemporaryDirectory directory;
    const std::string file = directory.path() + "/file";
    std::ofstream(file) << "content";
    const std::vector<std::function<bool()>> attempts{
        [&] { return ::open(file.c_str(), O_WRONLY) >= 0; },
        [&] { return ::open((file + ".new").c_str(), O_WRONLY | O_CREAT, 0600) >= 0; },
        [&] { return ::open(directory.path().c_str(), O_TMPFILE | O_RDWR, 0600) >= 0; },
        [&] { return ::unlink(file.c_str()) == 0; },
        [&] { return ::rename(file.c_str(), (file + "2").c_str()) == 0; },
        [&] { return ::link(file.c_str(), (file + "3").c_str()) == 0; },
        [&] { return ::symlink("x", (file + "4").c_str()) == 0; },
        [&] { return ::chmod(file.c_str(), 0777) == 0; },
        [&] { return ::truncate(file.c_str(), 0) == 0; },
        [&] { return ::mkdir((file + "5").c_str(), 0700) == 0; },
        [&] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; },
        [&] { return ::fork() > 0; },
        [&] { return ::execl("/bin/true", "true", nullptr) == 0; },
        [&] { return ::kill(::getppid(), 0) == 0; },
    };
    const auto answers = run(attempts.size() + 1, 1, [&](std::size_t i) -> std::string {
        if (i == attempts.size()) {
            std::string text;
            std::ifstream(file) >> text;
            return text;
        }
        return attempts[i]() ? "done" : "refused";
    });
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        INFO("attempt " << i);
        CHECK(answers[i].bytes == "refused");
    }
    CHECK(answers.back().bytes == "content");
}

TEST_CASE("a pool answers in order, however large requests and answers are", "[worker]") {
    std::vector<std::size_t> sizes;
    WorkerPool pool(
        2, [](const std::string& request) { return request + request; },
        [&](std::size_t number, WorkerAnswer answer) {
            REQUIRE(number == sizes.size());
            REQUIRE(answer.bytes);
            sizes.push_back(answer.bytes->size());
        });
    for (std::size_t i = 0; i < 300; ++i) pool.add(std::string(i % 3 == 0 ? 1 : i * 5000, 'r'));
    pool.finish();
    REQUIRE(sizes.size() == 300);
    for (std::size_t i = 0; i < 300; ++i) CHECK(sizes[i] == 2 * (i % 3 == 0 ? 1 : i * 5000));
}

TEST_CASE("a worker that dies is replaced where its pool may fork", "[worker]") {
    std::vector<std::string> answers;
    int forks = 0;
    WorkerPool pool(
        2,
        [](const std::string& request) {
            if (request == "die") _exit(3);
            return request;
        },
        [&](std::size_t, WorkerAnswer answer) { answers.push_back(answer.bytes.value_or("dead")); });
    pool.set_fork_guard([&](const std::function<void()>& fork) {
        ++forks;
        fork();
    });
    for (int i = 0; i < 200; ++i) pool.add(i == 17 || i == 150 ? "die" : std::to_string(i));
    pool.finish();
    CHECK(forks == 2);
    REQUIRE(answers.size() == 200);
    for (std::size_t i = 0; i < 200; ++i)
        CHECK(answers[i] == (i == 17 || i == 150 ? "dead" : std::to_string(i)));
}

}  // namespace repotool::base
