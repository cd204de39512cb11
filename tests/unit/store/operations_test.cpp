// SPDX-License-Identifier: GPL-3.0-or-later
// What a publish does to the disk, counted.
#include <catch2/catch.hpp>
#include <string>

#include "core/base/error.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/testing/recording_filesystem.hpp"
#include "crash_workload.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::MemoryFilesystem;
using fs::testing::OperationLog;
using fs::testing::RecordedOperation;

// Operations of publishing generation `parent` + 1 on top of `parent` others.
std::size_t operations_of_publish(std::uint64_t parent) {
    MemoryFilesystem memory(published_disk(parent));
    OperationLog log;
    publish(*fs::testing::make_recording_filesystem(memory, log), parent + 1);
    return log.operations().size();
}

}  // namespace

TEST_CASE("a publish does as much on the fortieth generation as on the fourth", "[cost]") {
    CHECK(operations_of_publish(39) == operations_of_publish(3));  // I11
}

TEST_CASE("what comes before the commit touches nothing below public", "[cost]") {
    MemoryFilesystem memory(published_disk(2));
    OperationLog log;
    const auto recording = fs::testing::make_recording_filesystem(memory, log);
    struct Stop {};
    CHECK_THROWS_AS(publish(*recording, 3, Size::small, [] { throw Stop(); }), Stop);
    CHECK(log.changes_below("public").empty());
    CHECK(memory.list("private/txn").empty());
}

TEST_CASE("a flip changes one name that clients read, by one rename", "[cost]") {
    MemoryFilesystem memory(published_disk(2));
    OperationLog log;
    publish(*fs::testing::make_recording_filesystem(memory, log), 3);
    const std::string head = "public/" + kRepository;
    CHECK(log.count([&](const RecordedOperation& operation) {
        return is_change(operation.operation) && (operation.path == head || operation.other == head);
    }) == 1);  // I2
    CHECK(log.count([&](const RecordedOperation& operation) {
        return operation.operation == fs::testing::Operation::rename && operation.other == head;
    }) == 1);
}

}  // namespace repotool::store::testing
