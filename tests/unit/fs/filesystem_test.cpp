// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::fs {
namespace {

using repotool::testing::TemporaryDirectory;

// The conformance suite: what every Filesystem must do. Failing, with nothing to fail, is one of them.
struct Subject {
    explicit Subject(bool decorated)
        : posix(open_posix_filesystem(directory.path())), plan(0, EIO, testing::Failure::once) {
        if (decorated) failing = testing::make_failing_filesystem(*posix, plan);
    }
    Filesystem& get() { return failing ? *failing : *posix; }
    TemporaryDirectory directory;
    std::unique_ptr<Filesystem> posix;
    testing::FaultPlan plan;
    std::unique_ptr<Filesystem> failing;
};

int error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const base::SystemError& error) {
        return error.error_number();
    }
    return 0;
}

}  // namespace

TEST_CASE("files are made new, written, read and synced", "[fs]") {
    Subject subject(GENERATE(false, true));
    Filesystem& fs = subject.get();
    write_new_file(fs, "a", "hello", 0640, 1'700'000'000, Durable::yes);
    CHECK(read_file(fs, "a") == "hello");
    CHECK(fs.status("a")->mode == 0640);
    CHECK(fs.status("a")->mtime == 1'700'000'000);
    CHECK(error_of([&] { fs.create("a", 0600); }) == EEXIST);
    const auto log = fs.open_append("log");
    log->write("one\n");
    log->write("two\n");
    fs.open_append("log")->write("three\n");
    CHECK(read_file(fs, "log") == "one\ntwo\nthree\n");
    CHECK_THROWS_AS(read_file(fs, "log", 5), base::Error);
}

TEST_CASE("the umask does not decide modes", "[fs]") {
    const mode_t before = umask(0077);
    Subject subject(false);
    subject.get().make_directory("d", 0755);
    write_new_file(subject.get(), "d/f", "x", 0644, 0, Durable::no);
    umask(before);
    CHECK(subject.get().status("d")->mode == 0755);
    CHECK(subject.get().status("d/f")->mode == 0644);
}

TEST_CASE("rename replaces only when it is told to", "[fs]") {
    Subject subject(GENERATE(false, true));
    Filesystem& fs = subject.get();
    write_new_file(fs, "a", "1", 0600, 0, Durable::no);
    write_new_file(fs, "b", "2", 0600, 0, Durable::no);
    CHECK(error_of([&] { fs.rename("a", "b", Replace::no); }) == EEXIST);
    fs.rename("a", "b", Replace::yes);
    CHECK(read_file(fs, "b") == "1");
    CHECK_FALSE(fs.status("a"));
    fs.make_directory("d", 0700);
    fs.make_directory("e", 0700);
    write_new_file(fs, "e/x", "", 0600, 0, Durable::no);
    CHECK(error_of([&] { fs.rename("d", "e", Replace::no); }) == EEXIST);
}

TEST_CASE("links, symlinks, lists and removal", "[fs]") {
    Subject subject(GENERATE(false, true));
    Filesystem& fs = subject.get();
    write_new_file(fs, "a", "1", 0600, 0, Durable::no);
    fs.link("a", "hard");
    CHECK(fs.status("hard")->inode == fs.status("a")->inode);
    fs.symlink("nowhere", "soft");
    CHECK(fs.read_link("soft") == "nowhere");
    CHECK_FALSE(fs.read_link("a"));
    CHECK_FALSE(fs.read_link("missing"));
    CHECK(fs.list("") == std::vector<std::string>{"a", "hard", "soft"});
    CHECK(fs.list("missing").empty());
    fs.remove("soft");
    fs.remove("missing");
    make_directories(fs, "x/y/z", 0755);
    CHECK_FALSE(fs.make_directory("x", 0755));
    CHECK(error_of([&] { fs.remove("x"); }) == ENOTEMPTY);
    remove_tree(fs, "x");
    CHECK_FALSE(fs.status("x"));
}

TEST_CASE("no path leaves the root, and no symlink in the middle is followed", "[fs]") {
    Subject subject(false);
    Filesystem& fs = subject.get();
    TemporaryDirectory outside;
    std::ofstream(outside.path() + "/secret") << "secret";
    fs.symlink(outside.path(), "out");
    fs.make_directory("in", 0755);
    fs.symlink("in", "inner");
    write_new_file(fs, "in/file", "x", 0600, 0, Durable::no);
    const std::string absolute = outside.path() + "/secret";
    for (const std::string& path :
         {std::string("out/secret"),
          std::string("../") + std::filesystem::path(outside.path()).filename().string() + "/secret",
          absolute, std::string("inner/file"), std::string("in/../../x")}) {
        INFO(path);
        CHECK_THROWS_AS(fs.open_read(path), base::Error);
        CHECK_THROWS_AS(fs.create(path + ".new", 0600), base::Error);
        CHECK_THROWS_AS(fs.make_directory(path + ".dir", 0700), base::Error);
    }
    fs.symlink("in/file", "last");
    CHECK_THROWS_AS(fs.open_read("last"), base::Error);  // the last component is not followed either
    remove_tree(fs, "out");                              // takes the link, not what it leads to
    CHECK(std::filesystem::exists(outside.path() + "/secret"));
}

TEST_CASE("ranges are appended from another file", "[fs]") {
    Subject subject(GENERATE(false, true));
    Filesystem& fs = subject.get();
    const std::string bytes(300'000, 'r');
    write_new_file(fs, "source", "head" + bytes + "tail", 0600, 0, Durable::no);
    const auto source = fs.open_read("source");
    const auto target = fs.create("target", 0600);
    target->append_range(*source, 4, bytes.size());
    target->append_range(*source, 4 + bytes.size(), 4);
    target->close();
    CHECK(read_file(fs, "target") == bytes + "tail");
    CHECK_THROWS_AS(fs.create("short", 0600)->append_range(*source, bytes.size(), 1'000'000), base::Error);
}

TEST_CASE("a lock is held until its holder dies, shared ones together", "[fs]") {
    Subject subject(false);
    Filesystem& fs = subject.get();
    auto held = fs.try_lock("lock", LockMode::exclusive);
    REQUIRE(held);
    CHECK_FALSE(fs.try_lock("lock", LockMode::exclusive));
    CHECK_FALSE(fs.try_lock("lock", LockMode::shared));
    held.reset();
    const auto one = fs.try_lock("lock", LockMode::shared);
    const auto two = fs.try_lock("lock", LockMode::shared);
    CHECK((one && two));
    CHECK_FALSE(fs.try_lock("lock", LockMode::exclusive));
}

TEST_CASE("an input is a regular file, and its symlink, directory, fifo or absence is refused", "[fs]") {
    TemporaryDirectory directory;
    const std::string root = directory.path();
    std::ofstream(root + "/file") << "x";
    std::filesystem::create_symlink("file", root + "/link");
    REQUIRE(mkfifo((root + "/fifo").c_str(), 0600) == 0);
    CHECK(open_external(root + "/file"));
    for (const char* name : {"/link", "/fifo", "", "/missing", "/file/below"}) {
        INFO(name);
        try {
            open_external(root + name);
            FAIL("it was opened");
        } catch (const base::Error& error) {
            CHECK(error.kind() == base::ErrorKind::input);
        }
    }
}

TEST_CASE("a result file is replaced whole, and never a directory", "[fs]") {
    TemporaryDirectory directory;
    const std::string path = directory.path() + "/result";
    write_external(path, "old", 0644);
    std::filesystem::create_hard_link(path, path + ".backup");
    write_external(path, "new", 0644);
    CHECK(read_external(path, 100) == "new");
    CHECK(read_external(path + ".backup", 100) == "old");  // never written through
    CHECK_THROWS_AS(write_external(directory.path(), "x", 0644), base::Error);
    CHECK(list_external(directory.path()).size() == 2);
}

TEST_CASE("the failing filesystem fails the n-th operation, once or from then on", "[fs]") {
    Subject subject(false);
    testing::FaultPlan once(2, ENOSPC, testing::Failure::once);
    const auto failing = testing::make_failing_filesystem(*subject.posix, once);
    failing->make_directory("a", 0700);
    CHECK(error_of([&] { failing->make_directory("b", 0700); }) == ENOSPC);
    failing->make_directory("c", 0700);
    testing::FaultPlan always(1, EIO, testing::Failure::from_then_on);
    const auto dead = testing::make_failing_filesystem(*subject.posix, always);
    CHECK(error_of([&] { dead->make_directory("d", 0700); }) == EIO);
    CHECK(error_of([&] { dead->make_directory("e", 0700); }) == EIO);
    CHECK(subject.get().list("") == std::vector<std::string>{"a", "c"});
}

}  // namespace repotool::fs
