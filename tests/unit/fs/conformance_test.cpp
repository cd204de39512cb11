// SPDX-License-Identifier: GPL-3.0-or-later
// The conformance suite: what every Filesystem does, those of the tests like the one of the product.
#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "subject.hpp"

namespace repotool::fs {
namespace {

using testing::error_of;
using testing::kImplementations;
using testing::Subject;
using Names = std::vector<std::string>;

void write(Filesystem& fs, const std::string& path, const std::string& bytes = "x") {
    write_new_file(fs, path, bytes, 0600, 0, Durable::no);
}

}  // namespace

TEST_CASE("files are made new, written, read and synced", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write_new_file(fs, "a", "hello", 0640, 1'700'000'000, Durable::yes);
    CHECK(read_file(fs, "a") == "hello");
    const auto status = fs.status("a");
    REQUIRE(status);
    CHECK(status->kind == Kind::file);
    CHECK(status->size == 5);
    CHECK(status->mode == 0640);
    CHECK(status->mtime == 1'700'000'000);
    CHECK(status->mtime_ns == 1'700'000'000'000'000'000);
    CHECK(status->links == 1);
    CHECK(fs.status("")->owner == status->owner);
    CHECK(error_of([&] { fs.create("a", 0600); }) == EEXIST);
    CHECK_THROWS_AS(read_file(fs, "a", 4), base::Error);
}

TEST_CASE("a file is read at any place, to its end and not beyond", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "0123456789");
    const auto file = fs.open_read("a");
    std::string buffer(4, '-');
    CHECK(file->read_at(buffer, 3) == 4);
    CHECK(buffer == "3456");
    CHECK(file->read_at(buffer, 8) == 2);
    CHECK(buffer == "8956");
    CHECK(file->read_at(buffer, 10) == 0);
    CHECK(file->read_at(buffer, 1000) == 0);
    CHECK(file->status().size == 10);
}

TEST_CASE("what is appended goes to the end, whoever else appends", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    const auto log = fs.open_append("log");
    log->write("one\n");
    log->write("two\n");
    fs.open_append("log")->write("three\n");
    log->write("");
    log->write("four\n");
    CHECK(read_file(fs, "log") == "one\ntwo\nthree\nfour\n");
    CHECK(fs.status("log")->mode == 0600);
    std::string buffer(3, '-');
    CHECK(log->read_at(buffer, 4) == 3);
    CHECK(buffer == "two");
    fs.make_directory("d", 0700);
    fs.symlink("log", "link");
    CHECK(error_of([&] { fs.open_append("d"); }) == EISDIR);
    CHECK(error_of([&] { fs.open_append("link"); }) == ELOOP);
    CHECK(error_of([&] { fs.open_append("missing/log"); }) == ENOENT);
}

TEST_CASE("a file that is open for reading is not written, a closed one is not used", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "old");
    const auto reader = fs.open_read("a");
    CHECK(error_of([&] { reader->write("new"); }) == EBADF);
    CHECK(read_file(fs, "a") == "old");
    reader->sync();
    reader->close();
    reader->close();
    std::string buffer(1, '-');
    CHECK(error_of([&] { reader->read_at(buffer, 0); }) == EBADF);
    CHECK(error_of([&] { reader->sync(); }) == EBADF);
    CHECK(error_of([&] { reader->status(); }) == EBADF);
    const auto writer = fs.create("b", 0600);
    writer->close();
    CHECK(error_of([&] { writer->write("x"); }) == EBADF);
    CHECK(error_of([&] { writer->set_mtime(1); }) == EBADF);
    CHECK(error_of([&] { writer->set_mode(0644); }) == EBADF);
}

TEST_CASE("mode and time of an open file are set, through every name of it", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    const auto file = fs.create("a", 0600);
    fs.link("a", "b");
    file->write("x");
    file->set_mode(0444);
    file->set_mtime(1'600'000'000);
    CHECK(fs.status("b")->mode == 0444);
    CHECK(fs.status("b")->mtime == 1'600'000'000);
    const auto before = file->status().ctime_ns;
    CHECK(before > 1'600'000'000'000'000'000);  // nobody sets this one
}

TEST_CASE("ranges are appended from another file", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    const std::string bytes(300'000, 'r');
    write(fs, "source", "head" + bytes + "tail");
    const auto source = fs.open_read("source");
    const auto target = fs.create("target", 0600);
    target->write("<");
    target->append_range(*source, 4, bytes.size());
    target->append_range(*source, 4 + bytes.size(), 4);
    target->append_range(*source, 0, 0);
    target->write(">");
    target->close();
    CHECK(read_file(fs, "target") == "<" + bytes + "tail>");
    CHECK_THROWS_AS(fs.create("short", 0600)->append_range(*source, bytes.size(), 1'000'000), base::Error);
}

TEST_CASE("a library reads an open file through a path of the kernel", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "for others");
    const auto file = fs.open_read("a");
    fs.remove("a");
    std::ifstream stream(file->path_for_reading());
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    CHECK(bytes == "for others");
}

TEST_CASE("rename replaces only when it is told to", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "1");
    write(fs, "b", "2");
    CHECK(error_of([&] { fs.rename("a", "b", Replace::no); }) == EEXIST);
    CHECK(error_of([&] { fs.rename("a", "a", Replace::no); }) == EEXIST);
    CHECK(read_file(fs, "b") == "2");
    const auto inode = fs.status("a")->inode;
    fs.rename("a", "b", Replace::yes);
    CHECK(read_file(fs, "b") == "1");
    CHECK(fs.status("b")->inode == inode);
    CHECK_FALSE(fs.status("a"));
    CHECK(error_of([&] { fs.rename("a", "c", Replace::yes); }) == ENOENT);
    CHECK(error_of([&] { fs.rename("b", "missing/c", Replace::yes); }) == ENOENT);
    fs.symlink("b", "link");
    fs.symlink("elsewhere", "link.new");
    fs.rename("link.new", "link", Replace::yes);  // the flip
    CHECK(fs.read_link("link") == "elsewhere");
    CHECK(fs.list("") == Names{"b", "link"});
}

TEST_CASE("rename moves directories whole, never over something that is not an empty one", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    make_directories(fs, "d/e", 0700);
    write(fs, "d/e/f", "deep");
    make_directories(fs, "full/x", 0700);
    fs.make_directory("empty", 0700);
    write(fs, "file");
    CHECK(error_of([&] { fs.rename("d", "full", Replace::yes); }) == ENOTEMPTY);
    CHECK(error_of([&] { fs.rename("d", "full", Replace::no); }) == EEXIST);
    CHECK(error_of([&] { fs.rename("d", "empty", Replace::no); }) == EEXIST);
    CHECK(error_of([&] { fs.rename("d", "file", Replace::yes); }) == ENOTDIR);
    CHECK(error_of([&] { fs.rename("file", "d", Replace::yes); }) == EISDIR);
    CHECK(error_of([&] { fs.rename("d", "d/e/d", Replace::yes); }) == EINVAL);
    CHECK(error_of([&] { fs.rename("d/e", "d", Replace::yes); }) == ENOTEMPTY);
    fs.rename("d", "empty", Replace::yes);
    CHECK(read_file(fs, "empty/e/f") == "deep");
    fs.rename("empty/e", "moved", Replace::no);
    CHECK(read_file(fs, "moved/f") == "deep");
    CHECK(fs.list("empty").empty());
    CHECK(fs.list("") == Names{"empty", "file", "full", "moved"});
}

TEST_CASE("two names of one file are one file", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "1");
    fs.link("a", "hard");
    CHECK(fs.status("hard")->inode == fs.status("a")->inode);
    CHECK(fs.status("a")->links == 2);
    fs.rename("a", "hard", Replace::yes);  // POSIX: names of the same file are left alone
    CHECK(fs.list("") == Names{"a", "hard"});
    fs.open_append("hard")->write("2");
    CHECK(read_file(fs, "a") == "12");
    fs.remove("a");
    CHECK(fs.status("hard")->links == 1);
    CHECK(read_file(fs, "hard") == "12");
    write(fs, "other");
    fs.make_directory("d", 0700);
    CHECK(error_of([&] { fs.link("hard", "other"); }) == EEXIST);
    CHECK(error_of([&] { fs.link("missing", "x"); }) == ENOENT);
    CHECK(error_of([&] { fs.link("d", "x"); }) == EPERM);
    fs.symlink("hard", "soft");
    fs.link("soft", "soft too");  // the symlink, not what it leads to
    CHECK(fs.read_link("soft too") == "hard");
}

TEST_CASE("symlinks are read and never followed", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    fs.symlink("nowhere/at all", "soft");
    CHECK(fs.read_link("soft") == "nowhere/at all");
    CHECK(fs.status("soft")->kind == Kind::symlink);
    CHECK(fs.status("soft")->size == 14);
    write(fs, "a");
    CHECK_FALSE(fs.read_link("a"));
    CHECK_FALSE(fs.read_link("missing"));
    CHECK_FALSE(fs.read_link("a/below"));
    CHECK(error_of([&] { fs.symlink("x", "a"); }) == EEXIST);
    CHECK(error_of([&] { fs.symlink("x", "soft"); }) == EEXIST);
    CHECK(error_of([&] { fs.open_read("soft"); }) == ELOOP);
    CHECK(error_of([&] { fs.create("soft", 0600); }) == EEXIST);
    CHECK_FALSE(fs.make_directory("soft", 0700));
    make_directories(fs, "d/e", 0700);
    write(fs, "d/e/file");
    fs.symlink("d", "to d");
    CHECK(error_of([&] { fs.open_read("to d/e/file"); }) == ELOOP);
    CHECK(error_of([&] { fs.status("to d/e/file"); }) == ELOOP);
    CHECK(error_of([&] { fs.remove("to d/e/file"); }) == ELOOP);
    CHECK(fs.list("to d").empty());
    CHECK(error_of([&] { fs.sync_directory("to d"); }) == ENOTDIR);
    fs.remove("to d");
    CHECK(read_file(fs, "d/e/file") == "x");
}

TEST_CASE("lists are sorted as bytes, and empty for what is no directory", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    for (const char* name : {"b", "a", "Z", "\xc3\xa4", ".hidden", "a b", "a.", "a-"}) write(fs, name);
    CHECK(fs.list("") == Names{".hidden", "Z", "a", "a b", "a-", "a.", "b", "\xc3\xa4"});
    CHECK(fs.list("missing").empty());
    CHECK(fs.list("missing/deeper").empty());
    CHECK(fs.list("a").empty());
}

TEST_CASE("only empty directories are removed, and nothing there is no error", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    make_directories(fs, "x/y/z", 0750);
    CHECK(fs.status("x/y")->mode == 0750);
    CHECK(fs.status("x/y")->kind == Kind::directory);
    CHECK_FALSE(fs.make_directory("x", 0755));
    CHECK(error_of([&] { fs.make_directory("missing/d", 0755); }) == ENOENT);
    CHECK(error_of([&] { fs.remove("x"); }) == ENOTEMPTY);
    fs.remove("missing");
    fs.remove("missing/deeper");
    write(fs, "file");
    fs.remove("file/below");
    CHECK(error_of([&] { fs.make_directory("file/below", 0755); }) == ENOTDIR);
    CHECK(error_of([&] { fs.create("file/below", 0644); }) == ENOTDIR);
    CHECK_FALSE(fs.status("file/below"));
    fs.remove("x/y/z");
    remove_tree(fs, "x");
    CHECK_FALSE(fs.status("x"));
    remove_tree(fs, "x");
}

TEST_CASE("an open file outlives its name", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    write(fs, "a", "still here");
    const auto reader = fs.open_read("a");
    const auto writer = fs.open_append("a");
    fs.remove("a");
    CHECK(reader->status().links == 0);
    writer->write(", and more");
    CHECK(read_all(*reader, "a", 1000) == "still here, and more");
    write(fs, "a", "another");
    CHECK(read_all(*reader, "a", 1000) == "still here, and more");
    CHECK(reader->status().inode != fs.status("a")->inode);
    const auto replaced = fs.open_read("a");
    write(fs, "b", "new");
    fs.rename("b", "a", Replace::yes);
    CHECK(read_all(*replaced, "a", 1000) == "another");
}

TEST_CASE("directories are synced, other things are not directories", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    make_directories(fs, "d/e", 0700);
    write(fs, "d/file");
    fs.sync_directory("");
    fs.sync_directory("d/e");
    fs.sync_all();
    CHECK(error_of([&] { fs.sync_directory("d/file"); }) == ENOTDIR);
    CHECK(error_of([&] { fs.sync_directory("missing"); }) == ENOENT);
    const auto directory = fs.open_read("d");
    CHECK(directory->status().kind == Kind::directory);
    directory->sync();
    std::string buffer(1, '-');
    CHECK(error_of([&] { directory->read_at(buffer, 0); }) == EISDIR);
    CHECK(error_of([&] { fs.open_read("missing"); }) == ENOENT);
    CHECK(error_of([&] { fs.open_read("d/file/below"); }) == ENOTDIR);
}

TEST_CASE("no path leaves the root", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    fs.make_directory("in", 0755);
    write(fs, "in/file");
    fs.symlink("in", "inner");
    for (const std::string path : {"../x", "in/../../x", "/x", "/in/file", "//in/file", "inner/file"}) {
        INFO(path);
        CHECK_THROWS_AS(fs.open_read(path), base::Error);
        CHECK_THROWS_AS(fs.create(path + ".new", 0600), base::Error);
        CHECK_THROWS_AS(fs.make_directory(path + ".dir", 0700), base::Error);
        CHECK_THROWS_AS(fs.symlink("x", path + ".link"), base::Error);
        CHECK_THROWS_AS(fs.rename("in/file", path + ".moved", Replace::yes), base::Error);
        CHECK_THROWS_AS(fs.link("in/file", path + ".linked"), base::Error);
        CHECK_THROWS_AS(fs.try_lock(path + ".lock", LockMode::shared), base::Error);
    }
    CHECK_THROWS_AS(fs.status("in/.."), base::Error);
    CHECK(fs.status("in/../in/./file"));  // but it may turn around below it
    CHECK(fs.list("") == Names{"in", "inner"});
    CHECK(fs.list("in") == Names{"file"});
    CHECK(fs.status("")->kind == Kind::directory);
}

TEST_CASE("names have at most 255 bytes", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    const std::string longest(255, 'n');
    write(fs, longest);
    CHECK(fs.status(longest));
    CHECK(error_of([&] { fs.create(longest + "n", 0600); }) == ENAMETOOLONG);
    CHECK(error_of([&] { fs.status(longest + "n"); }) == ENAMETOOLONG);
    CHECK(error_of([&] { fs.status(longest + "n/x"); }) == ENAMETOOLONG);
}

TEST_CASE("a lock is held until its holder dies, shared ones together", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    auto held = fs.try_lock("lock", LockMode::exclusive);
    REQUIRE(held);
    CHECK_FALSE(fs.try_lock("lock", LockMode::exclusive));
    CHECK_FALSE(fs.try_lock("lock", LockMode::shared));
    CHECK(fs.try_lock("another", LockMode::exclusive));
    held->describe_holder("somebody with a long name\n");
    held->describe_holder("me\n");
    CHECK(read_file(fs, "lock") == "me\n");
    held.reset();
    const auto one = fs.try_lock("lock", LockMode::shared);
    const auto two = fs.try_lock("lock", LockMode::shared);
    CHECK((one && two));
    CHECK_FALSE(fs.try_lock("lock", LockMode::exclusive));
    // The lock is on the file: another file under the same name has its own.
    fs.remove("lock");
    CHECK(fs.try_lock("lock", LockMode::exclusive));
    fs.make_directory("d", 0700);
    CHECK(error_of([&] { fs.try_lock("d", LockMode::shared); }) == EISDIR);
    CHECK(error_of([&] { fs.try_lock("missing/lock", LockMode::shared); }) == ENOENT);
}

TEST_CASE("threads share a filesystem", "[conformance]") {
    Subject subject(GENERATE(from_range(kImplementations)));
    Filesystem& fs = subject.get();
    constexpr int kThreads = 4;
    constexpr int kRounds = 50;
    std::vector<std::thread> threads;
    for (int number = 0; number < kThreads; ++number) {
        threads.emplace_back([&fs, number] {
            const std::string own = "own" + std::to_string(number);
            for (int round = 0; round < kRounds; ++round) {
                write_new_file(fs, own, "x", 0600, 0, Durable::no);
                fs.rename(own, own + ".moved", Replace::yes);
                fs.open_append("log")->write("line\n");
                fs.list("");
                fs.make_directory("shared", 0700);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(fs.status("log")->size == std::size_t{kThreads} * kRounds * 5);
    CHECK(fs.list("").size() == kThreads + 2);
}

}  // namespace repotool::fs
