// SPDX-License-Identifier: GPL-3.0-or-later
// The history and power cuts: a record is there or not, an acknowledged one is, the chain holds and goes on.
#include <catch2/catch.hpp>
#include <string>

#include "core/fs/testing/crash_filesystem.hpp"
#include "core/store/history.hpp"

namespace repotool::store {
namespace {

using fs::testing::CrashFilesystem;
using fs::testing::CrashState;
using fs::testing::MemoryFilesystem;

HistoryRecord record_of(std::uint64_t generation, std::size_t bytes = 0) {
    HistoryRecord record;
    record.operation = "publish";
    record.generation = generation;
    record.parent = generation - 1;
    record.meta["padding"] = std::string(bytes, 'p');
    return record;
}

// A history whose newest segment is full: the next record begins another one.
fs::testing::DiskImage full_segment() {
    MemoryFilesystem filesystem;
    filesystem.make_directory("private", 0700);
    History history(filesystem, "stable");
    history.append(record_of(1));
    history.append(record_of(2, std::size_t{1} << 20U));
    return filesystem.image();
}

fs::testing::DiskImage short_segment() {
    MemoryFilesystem filesystem;
    filesystem.make_directory("private", 0700);
    History history(filesystem, "stable");
    history.append(record_of(1));
    history.append(record_of(2));
    return filesystem.image();
}

fs::testing::DiskImage no_history() {
    MemoryFilesystem filesystem;
    filesystem.make_directory("private", 0700);
    return filesystem.image();
}

void require_history(fs::Filesystem& filesystem, std::size_t least, std::size_t most) {
    History history(filesystem, "stable");
    history.repair();
    const std::size_t found = history.read().size();
    REQUIRE(found >= least);
    REQUIRE(found <= most);
    history.append(record_of(found + 1));
    const auto records = history.read();
    REQUIRE(records.size() == found + 1);
    REQUIRE(records.back().sequence == found + 1);
}

}  // namespace

TEST_CASE("a record is appended whole or not, in an old segment, a new one and the first",
          "[crash][history]") {
    const auto [before, records] = GENERATE(table<fs::testing::DiskImage, std::size_t>(
        {{no_history(), 0}, {short_segment(), 2}, {full_segment(), 2}}));
    CrashFilesystem crashing(before);
    History(crashing, "stable").append(record_of(records + 1));
    crashing.acknowledge();
    History(crashing, "stable").append(record_of(records + 2));
    crashing.acknowledge();
    fs::testing::CrashBounds bounds;
    bounds.exhaustive = 512;
    const auto count = crashing.each_crash(bounds, [&, known = records](CrashState& state) {
        INFO(state.story);
        require_history(state.filesystem, known + state.acknowledged, known + 2);
    });
    CHECK(count.sampled == 0);
}

TEST_CASE("a torn record is taken away, and the power may go while that happens", "[crash][history]") {
    CrashFilesystem crashing(short_segment());
    History(crashing, "stable").append(record_of(3));
    crashing.each_crash({}, [&](CrashState& first) {
        CrashFilesystem repairing(first.filesystem.image());
        History history(repairing, "stable");
        history.repair();
        const std::size_t found = history.read().size();
        repairing.each_crash({}, [&](CrashState& second) {
            INFO(first.story << "\nthen " << second.story);
            require_history(second.filesystem, found, found);
        });
    });
}

}  // namespace repotool::store
