// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/testing/recording_filesystem.hpp"
#include "core/fs/tree.hpp"

namespace repotool::fs::testing {

TEST_CASE("every operation is written down, with its paths and sizes", "[recording]") {
    MemoryFilesystem memory;
    OperationLog log;
    const auto fs = make_recording_filesystem(memory, log);
    fs->make_directory("d", 0700);
    {
        const auto file = fs->create("d/a", 0600);
        file->write("12345");
        file->set_mode(0444);
        file->sync();
        file->close();
        const auto copy = fs->open_append("copy");
        copy->append_range(*fs->open_read("d/a"), 1, 3);
    }
    fs->rename("d/a", "b", Replace::no);
    fs->symlink("b", "d/link");
    const auto lock = fs->try_lock("lock", LockMode::exclusive);
    lock->describe_holder("me");
    CHECK(read_file(*fs, "b") == "12345");
    std::vector<std::string> texts;
    for (const auto& operation : log.operations()) texts.push_back(to_text(operation));
    CHECK(texts == std::vector<std::string>{
                       "make_directory d", "create d/a", "write 5 bytes of d/a", "set_mode d/a", "sync d/a",
                       "close d/a", "open_append copy", "open_read d/a", "append_range 3 bytes of copy",
                       "rename d/a to b", "symlink d/link to b", "try_lock lock", "describe_holder lock",
                       "open_read b", "file_status b", "read 5 bytes of b"});
    CHECK(log.bytes_written() == 8);
    CHECK(log.bytes_read() == 5);
    CHECK(log.count(Operation::open_read) == 2);
}

TEST_CASE("a test can say what was not touched", "[recording]") {
    MemoryFilesystem memory;
    make_directories(memory, "public/gen", 0700);
    OperationLog log;
    const auto fs = make_recording_filesystem(memory, log);
    fs->list("public/gen");
    fs->make_directory("public/gen", 0700);  // it is there
    fs->remove("public/missing");
    fs->status("public");
    write_new_file(*fs, "publicity", "x", 0600, 0, Durable::no);
    CHECK(log.changes_below("public").empty());  // looking is not touching, and neither is another name
    fs->symlink("public/gen", "link");
    CHECK(log.changes_below("public").empty());  // a target is not a path
    fs->rename("publicity", "public/gen/x", Replace::no);
    CHECK(log.changes_below("public") == std::vector<std::string>{"rename publicity to public/gen/x"});
    CHECK(log.changes_below("").size() == 5);
    log.clear();
    CHECK(log.operations().empty());
}

TEST_CASE("an operation that fails is written down as one that failed", "[recording]") {
    MemoryFilesystem memory;
    OperationLog log;
    const auto fs = make_recording_filesystem(memory, log);
    CHECK_THROWS_AS(fs->open_read("missing"), base::SystemError);
    CHECK_THROWS_AS(fs->open_append("a")->append_range(*fs->create("b", 0600), 0, 10), base::Error);
    CHECK(log.count([](const RecordedOperation& operation) { return !operation.had_effect; }) == 2);
    CHECK(log.bytes_written() == 0);
}

}  // namespace repotool::fs::testing
