// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "repotool/policy/builders.hpp"
#include "repotool/policy/statement_store.hpp"

namespace repotool::publisher {
namespace {

const std::string kOne(64, 'a');
const std::string kTwo(64, 'b');

void add(fs::Filesystem& filesystem, const std::map<std::string, std::vector<std::string>>& lines) {
    store::Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    StatementStore(filesystem).add(site, lines);
}

}  // namespace

TEST_CASE("a source lies below a prefix where a path does, and nowhere else", "[provenance]") {
    const std::string prefix = "https://git.example.com/acme";
    for (const char* below : {"https://git.example.com/acme", "https://git.example.com/acme/hello",
                              "git+https://git.example.com/acme@refs/heads/main",
                              "https://git.example.com/acme#main", "https://git.example.com/acme?x"})
        CHECK(is_source_below(below, prefix));
    for (const char* elsewhere :
         {"", "https://git.example.com/acm", "https://git.example.com/acme-2/hello",
          "https://git.example.com/acme.git", "http://git.example.com/acme/hello",
          "https://git.example.com/acme/../evil", "https://git.example.com/acme/%2e%2E/evil"})
        CHECK_FALSE(is_source_below(elsewhere, prefix));
    CHECK(is_source_below("https://git.example.com/acme/hello", "git+https://git.example.com/acme/"));
    CHECK_FALSE(is_source_below("https://git.example.com/acme", "https://git.example.com/acme/"));
}

TEST_CASE("statements are added once, and what was there stays in front", "[provenance]") {
    fs::testing::MemoryFilesystem filesystem;
    add(filesystem, {{kOne, {"x", "y"}}});
    add(filesystem, {{kOne, {"y", "z", "z"}}, {kTwo, {"x"}}});
    const StatementStore store(filesystem);
    CHECK(store.read(kOne) == std::vector<std::string>{"x", "y", "z"});
    CHECK(store.read(kTwo) == std::vector<std::string>{"x"});
    CHECK(store.read(std::string(64, 'c')).empty());
    fs::replace_file(filesystem, StatementStore::path_of(kTwo), "x\ny", 0600);
    CHECK_THROWS_AS(store.read(kTwo), base::Error);
}

TEST_CASE("a long envelope about many packages is stored once, and must be what it is called after",
          "[provenance]") {
    fs::testing::MemoryFilesystem filesystem;
    const std::string line(100'000, 'x');
    add(filesystem, {{kOne, {"y", line}}, {kTwo, {line}}});
    add(filesystem, {{kOne, {line}}});
    const StatementStore store(filesystem);
    CHECK(store.read(kOne) == std::vector<std::string>{"y", line});
    CHECK(store.read(kTwo) == std::vector<std::string>{line});
    CHECK(fs::read_file(filesystem, StatementStore::path_of(kOne)).size() < 200);
    const std::string digest = base::sha256_hex(line);
    fs::replace_file(filesystem, "private/provenance/" + digest.substr(0, 2) + "/" + digest + ".json", "z",
                     0600);
    CHECK_THROWS_AS(StatementStore(filesystem).read(kTwo), base::Error);
}

TEST_CASE("whatever fails while statements are added, those before are whole, and the next try has them all",
          "[provenance]") {
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        fs::testing::MemoryFilesystem disk;
        add(disk, {{kOne, {"x"}}});
        fs::testing::FaultPlan plan(fail_at, EIO, fs::testing::Failure::once);
        const auto failing = fs::testing::make_failing_filesystem(disk, plan);
        try {
            add(*failing, {{kOne, {"y"}}, {kTwo, {"z"}}});
        } catch (const base::Error&) {
        }
        if (!plan.has_failed()) break;
        INFO(plan.log().back());
        CHECK(StatementStore(disk).read(kOne).front() == "x");
        add(disk, {{kOne, {"y"}}, {kTwo, {"z"}}});
        CHECK(StatementStore(disk).read(kOne) == std::vector<std::string>{"x", "y"});
        CHECK(StatementStore(disk).read(kTwo) == std::vector<std::string>{"z"});
    }
}

TEST_CASE("after a power cut statements are whole, and those that were acknowledged are there",
          "[crash][provenance]") {
    fs::testing::CrashFilesystem crashing;
    add(crashing, {{kOne, {"x"}}});
    crashing.acknowledge();
    add(crashing, {{kOne, {"y"}}, {kTwo, {"z"}}});
    crashing.acknowledge();
    crashing.each_crash({}, [](fs::testing::CrashState& state) {
        INFO(state.story);
        const auto one = StatementStore(state.filesystem).read(kOne);
        CHECK(one.size() >= state.acknowledged);
        CHECK((one.empty() || one.front() == "x"));
        CHECK(StatementStore(state.filesystem).read(kTwo).size() + 1 >= state.acknowledged);
    });
}

}  // namespace repotool::publisher
