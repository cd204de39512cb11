// SPDX-License-Identifier: GPL-3.0-or-later
// The Crash filesystem finds the bugs that it is for, and accuses nobody who does it right.
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "subject.hpp"

namespace repotool::fs::testing {
namespace {

using Workload = std::function<void(CrashFilesystem&)>;

void write(Filesystem& fs, const std::string& path, const std::string& bytes, Durable durable) {
    write_new_file(fs, path, bytes, 0600, 0, durable);
}

// Every file with its bytes, every symlink with its target: "a=1 d/ d/b->x ".
std::string describe(Filesystem& fs, const std::string& directory = {}) {
    std::string text;
    for (const auto& name : fs.list(directory)) {
        const std::string path = join_path(directory, name);
        const auto status = fs.status(path);
        if (status->kind == Kind::directory) text += path + "/ " + describe(fs, path);
        if (status->kind == Kind::file) text += path + "=" + read_file(fs, path) + " ";
        if (status->kind == Kind::symlink) text += path + "->" + *fs.read_link(path) + " ";
    }
    return text;
}

// The disks that a power cut during or after the workload may leave.
std::set<std::string> disks(const Workload& workload, const std::function<void(Filesystem&)>& before = {}) {
    MemoryFilesystem disk;
    if (before) before(disk);
    CrashFilesystem fs(disk.image());
    workload(fs);
    std::set<std::string> found;
    fs.each_crash({}, [&](CrashState& state) { found.insert(describe(state.filesystem)); });
    return found;
}

// … after the workload has promised that it is done.
std::set<std::string> acknowledged_disks(const Workload& workload,
                                         const std::function<void(Filesystem&)>& before = {}) {
    MemoryFilesystem disk;
    if (before) before(disk);
    CrashFilesystem fs(disk.image());
    workload(fs);
    fs.acknowledge();
    std::set<std::string> found;
    fs.each_crash({}, [&](CrashState& state) {
        if (state.acknowledged == 1) found.insert(describe(state.filesystem));
    });
    return found;
}

void old_file(Filesystem& fs) {
    write(fs, "f", "old", Durable::no);
}

using Disks = std::set<std::string>;

}  // namespace

TEST_CASE("a file that is written, synced, renamed and its directory synced is old or new, then new",
          "[crash]") {
    const auto replace = [](Filesystem& fs) { replace_file(fs, "f", "new", 0600); };
    for (const auto& disk : disks(replace, old_file)) {
        INFO(disk);
        CHECK((disk.ends_with("f=old ") || disk.starts_with("f=old f.new=") || disk == "f=new "));
    }
    CHECK(acknowledged_disks(replace, old_file) == Disks{"f=new "});
}

TEST_CASE("a rename without a sync of the file shows an empty, torn or zeroed file", "[crash]") {
    const auto found = disks(
        [](Filesystem& fs) {
            write(fs, "f.new", "content", Durable::no);
            fs.rename("f.new", "f", Replace::yes);
            fs.sync_directory("");
        },
        old_file);
    CHECK(found.contains("f= "));
    CHECK(found.contains("f=con "));
    CHECK(found.contains("f=" + std::string(7, '\0') + " "));
    CHECK(found.contains("f=content "));
}

TEST_CASE("a synced file in a directory that is not synced has no name", "[crash]") {
    const auto found = acknowledged_disks([](Filesystem& fs) { write(fs, "f", "1", Durable::yes); });
    CHECK(found == Disks{"", "f=1 "});
    const auto right = acknowledged_disks([](Filesystem& fs) {
        write(fs, "f", "1", Durable::yes);
        fs.sync_directory("");
    });
    CHECK(right == Disks{"f=1 "});
}

TEST_CASE("a rename between two directories is lost by halves until both are synced", "[crash]") {
    const auto before = [](Filesystem& fs) {
        make_directories(fs, "a", 0700);
        make_directories(fs, "b", 0700);
        write(fs, "a/f", "1", Durable::no);
    };
    const auto move = [](const std::vector<std::string>& synced) {
        return [synced](Filesystem& fs) {
            fs.rename("a/f", "b/f", Replace::no);
            for (const auto& directory : synced) fs.sync_directory(directory);
        };
    };
    const std::string old_place = "a/ a/f=1 b/ ", both = "a/ a/f=1 b/ b/f=1 ", neither = "a/ b/ ",
                      moved = "a/ b/ b/f=1 ";
    CHECK(acknowledged_disks(move({}), before) == Disks{old_place, both, neither, moved});
    CHECK(acknowledged_disks(move({"a"}), before) == Disks{neither, moved});
    CHECK(acknowledged_disks(move({"b"}), before) == Disks{both, moved});
    CHECK(acknowledged_disks(move({"b", "a"}), before) == Disks{moved});
    CHECK(disks(move({"a", "b"}), before).contains(neither));  // the wrong order
    CHECK(
        disks(move({"b", "a"}), before).contains(neither));  // and the right one: nothing is synced at first
}

TEST_CASE("an old name that goes before the new one is durable may leave neither", "[crash]") {
    const auto found = disks(
        [](Filesystem& fs) {
            fs.link("f", "g");
            fs.remove("f");
            fs.sync_directory("");
        },
        old_file);
    CHECK(found == Disks{"f=old ", "f=old g=old ", "g=old ", ""});
    const auto right = disks(
        [](Filesystem& fs) {
            fs.link("f", "g");
            fs.sync_directory("");
            fs.remove("f");
        },
        old_file);
    CHECK(right == Disks{"f=old ", "f=old g=old ", "g=old "});
}

TEST_CASE("a rename within one directory is there or not, never half", "[crash]") {
    const auto found = disks([](Filesystem& fs) { fs.rename("f", "g", Replace::no); }, old_file);
    CHECK(found == Disks{"f=old ", "g=old "});
}

TEST_CASE("changes of one directory reach the disk in any order, unless a sync lies between", "[crash]") {
    const auto before = [](Filesystem& fs) { fs.make_directory("d", 0700); };
    CHECK(disks([](Filesystem& fs) { fs.symlink("1", "a"), fs.symlink("2", "b"); }) ==
          Disks{"", "a->1 ", "b->2 ", "a->1 b->2 "});
    CHECK(disks([](Filesystem& fs) { fs.symlink("1", "a"), fs.sync_directory(""), fs.symlink("2", "b"); }) ==
          Disks{"", "a->1 ", "a->1 b->2 "});
    CHECK(disks([](Filesystem& fs) { fs.symlink("1", "a"), fs.sync_directory("d"), fs.symlink("2", "b"); },
                before)
              .contains("b->2 d/ "));  // the sync of another directory helps nothing
}

TEST_CASE("a name that was removed comes back until its directory is synced", "[crash]") {
    const auto found = acknowledged_disks([](Filesystem& fs) { fs.remove("f"); }, old_file);
    CHECK(found == Disks{"", "f=old "});
}

TEST_CASE("what is in a directory whose own name is not durable is lost with it", "[crash]") {
    const auto found = acknowledged_disks([](Filesystem& fs) {
        fs.make_directory("d", 0700);
        write(fs, "d/f", "1", Durable::yes);
        fs.sync_directory("d");
    });
    CHECK(found == Disks{"", "d/ d/f=1 "});
}

TEST_CASE("an appended line is lost, torn or zeroed, and never what was synced before it", "[crash]") {
    const auto before = [](Filesystem& fs) { write(fs, "log", "first\n", Durable::no); };
    const auto found = acknowledged_disks(
        [](Filesystem& fs) {
            const auto log = fs.open_append("log");
            log->write("two\n");
            log->write("three\n");
        },
        before);
    const std::string zeros(10, '\0');
    CHECK(found == Disks{"log=first\n ", "log=first\ntwo\n ", "log=first\ntwo\nt ",
                         "log=first\ntwo\nthree\n ", "log=first\n" + zeros + " "});
    const auto synced = acknowledged_disks(
        [](Filesystem& fs) {
            const auto log = fs.open_append("log");
            log->write("two\n");
            fs.open_read("log")->sync();  // through another handle
        },
        before);
    CHECK(synced == Disks{"log=first\ntwo\n "});
}

TEST_CASE("a file's mode and time are lost until it is synced", "[crash]") {
    CrashFilesystem fs;
    const auto file = fs.create("f", 0600);
    fs.sync_directory("");
    file->set_mode(0444);
    std::set<unsigned> modes;
    fs.each_crash({}, [&](CrashState& state) {
        if (const auto status = state.filesystem.status("f")) modes.insert(status->mode);
    });
    CHECK(modes == std::set<unsigned>{0600, 0444});
    file->sync();
    fs.acknowledge();
    fs.each_crash({}, [&](CrashState& state) {
        if (state.acknowledged > 0) CHECK(state.filesystem.status("f")->mode == 0444);
    });
}

TEST_CASE("sync_all makes everything durable", "[crash]") {
    const auto found = acknowledged_disks([](Filesystem& fs) {
        make_directories(fs, "a/b", 0700);
        write(fs, "a/b/f", "1", Durable::no);
        fs.rename("a/b/f", "a/g", Replace::no);
        fs.symlink("a", "s");
        fs.sync_all();
    });
    CHECK(found == Disks{"a/ a/b/ a/g=1 s->a "});
}

TEST_CASE("bytes of a failed sync stay in doubt, whatever is synced later", "[crash]") {
    CrashFilesystem fs;
    write(fs, "log", "", Durable::yes);
    fs.sync_directory("");
    const auto log = fs.open_append("log");
    log->write("one\n");
    log->sync();
    log->write("two\n");
    fs.fail_sync(3);
    CHECK(error_of([&] { log->sync(); }) == EIO);
    CHECK(fs.has_failed());
    log->sync();  // the kernel has forgotten
    fs.acknowledge();
    log->write("three\n");
    log->sync();
    fs.sync_all();
    fs.acknowledge();
    Disks once, twice;
    fs.each_crash({}, [&](CrashState& state) {
        if (state.acknowledged == 1) once.insert(describe(state.filesystem));
        if (state.acknowledged == 2) twice.insert(describe(state.filesystem));
    });
    const std::string zeros(4, '\0');
    CHECK(once.contains("log=one\n "));
    CHECK(twice == Disks{"log=one\ntwo\nthree\n ", "log=one\n" + zeros + "three\n "});
}

TEST_CASE("a disk after a crash is durable, and crashes on", "[crash]") {
    CrashFilesystem first;
    first.symlink("1", "a");
    std::set<std::string> found;
    first.each_crash({}, [&](CrashState& state) {
        CrashFilesystem second(state.filesystem.image());
        second.symlink("2", "b");
        second.each_crash({}, [&](CrashState& again) { found.insert(describe(again.filesystem)); });
    });
    CHECK(found == Disks{"", "a->1 ", "b->2 ", "a->1 b->2 "});
}

TEST_CASE("beyond the bound, nothing, everything, single pieces and a sample are lost", "[crash]") {
    CrashFilesystem fs;
    constexpr std::size_t kPieces = 12;
    for (std::size_t i = 0; i < kPieces; ++i) fs.symlink("x", std::to_string(i));
    std::set<std::size_t> sizes;
    CrashBounds bounds;
    bounds.first = kPieces;  // the last prefix alone
    const auto count =
        fs.each_crash(bounds, [&](CrashState& state) { sizes.insert(state.filesystem.list("").size()); });
    CHECK(count.operations == kPieces);
    CHECK(count.sampled == 1);
    CHECK(count.states <= 2 + 2 * kPieces + bounds.samples);
    CHECK(count.states > 2 + 2 * kPieces);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPieces - 1, kPieces})
        CHECK(sizes.contains(size));
    bounds.exhaustive = std::size_t{1} << kPieces;
    CHECK(fs.each_crash(bounds, [](CrashState&) {}).states == bounds.exhaustive);
    bounds.losses = Losses::extremes;
    CHECK(fs.each_crash(bounds, [](CrashState&) {}).states == 2);
}

TEST_CASE("the same workload has the same crashes", "[crash]") {
    const auto stories = [] {
        CrashFilesystem fs;
        for (int i = 0; i < 9; ++i) write(fs, std::to_string(i), "bytes", Durable::no);
        std::vector<std::string> found;
        fs.each_crash({}, [&](CrashState& state) { found.push_back(state.story); });
        return found;
    };
    const auto once = stories();
    CHECK(once.size() > 100);
    CHECK(once == stories());
}

}  // namespace repotool::fs::testing
