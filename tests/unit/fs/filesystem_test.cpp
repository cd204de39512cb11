// SPDX-License-Identifier: GPL-3.0-or-later
// What only the disk of a real machine has, paths of users, and the Failing filesystem. What all filesystems
// have in common is in conformance_test.cpp.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "subject.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::fs {
namespace {

using repotool::testing::TemporaryDirectory;

using repotool::fs::testing::error_of;

}  // namespace

TEST_CASE("the umask does not decide modes", "[fs]") {
    const mode_t before = umask(0077);
    TemporaryDirectory directory;
    const auto posix = open_posix_filesystem(directory.path());
    posix->make_directory("d", 0755);
    write_new_file(*posix, "d/f", "x", 0644, 0, Durable::no);
    umask(before);
    CHECK(posix->status("d")->mode == 0755);
    CHECK(posix->status("d/f")->mode == 0644);
}

TEST_CASE("no path leaves the root, and no symlink in the middle is followed", "[fs]") {
    TemporaryDirectory directory;
    const auto posix = open_posix_filesystem(directory.path());
    Filesystem& fs = *posix;
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
    TemporaryDirectory directory;
    const auto posix = open_posix_filesystem(directory.path());
    testing::FaultPlan once(2, ENOSPC, testing::Failure::once);
    const auto failing = testing::make_failing_filesystem(*posix, once);
    failing->make_directory("a", 0700);
    CHECK(error_of([&] { failing->make_directory("b", 0700); }) == ENOSPC);
    failing->make_directory("c", 0700);
    testing::FaultPlan always(1, EIO, testing::Failure::from_then_on);
    const auto dead = testing::make_failing_filesystem(*posix, always);
    CHECK(error_of([&] { dead->make_directory("d", 0700); }) == EIO);
    CHECK(error_of([&] { dead->make_directory("e", 0700); }) == EIO);
    CHECK(posix->list("") == std::vector<std::string>{"a", "c"});
}

}  // namespace repotool::fs
