// SPDX-License-Identifier: GPL-3.0-or-later
// gc that fails, is killed or loses its power at any operation: what clients may read is whole at every
// moment, and the next gc leaves what an undisturbed one leaves.
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/store/collector.hpp"
#include "core/store/tags.hpp"
#include "core/store/transaction.hpp"
#include "small_repository.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::CrashBounds;
using fs::testing::CrashFilesystem;
using fs::testing::DiskImage;
using fs::testing::Failure;
using fs::testing::FaultPlan;
using fs::testing::MemoryFilesystem;

const CollectorSettings kSettings{{48 * kHour, 14 * kDay, 1}, {0, "a test"}};

// All that gc does is to do here: generations to retire, packages condemned earlier whose time has come and
// others whose has not, an expired repository, objects that two repositories share, a dead transaction.
DiskImage neglected_disk() {
    MemoryFilesystem filesystem;
    SmallSite site(filesystem);
    site.publish("stable", {{"all-data", "1"}, {"gone", "1"}});
    site.publish("stable", {{"all-data", "1"}, {"hello", "1"}});
    add_tag(site.site(), "stable", 2, "keep");
    site.publish("test/one", {{"hello", "1"}, {"tested", "1"}});
    site.clock().advance(3 * kDay);
    collect_garbage(site.site(), kSettings);  // condemns gone 1
    site.clock().advance(20 * kDay);
    site.publish("stable", {{"all-data", "2"}, {"hello", "2"}});
    site.publish("test/one", {{"hello", "3"}});
    site.publish("stable", {{"all-data", "2"}, {"hello", "3"}});
    site.expire("test/one");
    site.clock().advance(4 * kDay);
    const auto transaction = Transaction::begin(site.site(), "stable", "publish");
    const DiskImage image = filesystem.image();  // its owner is dead on the copy
    return image;
}

// The clock of neglected_disk() when it was made, plus `more`.
void set_clock(SmallSite& site, std::int64_t more) {
    site.clock().advance(30 * kDay + more);
}

void gc(fs::Filesystem& filesystem, std::int64_t more = 0) {
    SmallSite site(filesystem);
    set_clock(site, more);
    const auto report = collect_garbage(site.site(), kSettings);
    for (const auto& problem : report.problems) FAIL(problem.message);
}

const std::map<std::string, std::string>& undisturbed() {
    static const auto expected = [] {
        MemoryFilesystem filesystem(neglected_disk());
        gc(filesystem);
        require_whole(filesystem);
        require_no_garbage(filesystem);
        return snapshot(filesystem);
    }();
    return expected;
}

void require_recoverable(fs::Filesystem& filesystem) {
    require_whole(filesystem);
    gc(filesystem);
    require_whole(filesystem);
    require_no_garbage(filesystem);
    const auto found = snapshot(filesystem);
    for (const auto& [path, content] : undisturbed()) {
        INFO("missing: " << path);
        REQUIRE(found.contains(path));
        REQUIRE(found.at(path) == content);
    }
    for (const auto& [path, content] : found) {
        INFO("too much: " << path);
        REQUIRE(undisturbed().contains(path));
    }
}

}  // namespace

TEST_CASE("the neglected site keeps what it must and loses the rest", "[collector][crash]") {
    const auto& after = undisturbed();
    CHECK(after.contains("public/gen/stable/keep"));
    CHECK(after.contains("public/gen/stable/2/MANIFEST"));
    CHECK_FALSE(after.contains("public/gen/stable/1/MANIFEST"));
    CHECK_FALSE(after.contains("public/gen/stable/3/MANIFEST"));
    CHECK_FALSE(after.contains(SmallSite::pool_path("stable", "gone", "1")));
    CHECK_FALSE(after.contains(SmallSite::object_path("gone", "1")));
    CHECK_FALSE(after.contains("public/gen/test/one/1/MANIFEST"));
    CHECK(after.contains(SmallSite::object_path("hello", "3")));
}

TEST_CASE("whatever operation of gc fails, nothing that is live is lost and the next gc ends it",
          "[collector][crash]") {
    const auto failure = GENERATE(Failure::once, Failure::from_then_on);
    const int error_number = GENERATE(EIO, ENOSPC);
    const DiskImage before = neglected_disk();
    std::uint64_t points = 0;
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        MemoryFilesystem filesystem(before);
        FaultPlan plan(fail_at, error_number, failure);
        const auto failing = fs::testing::make_failing_filesystem(filesystem, plan);
        try {
            SmallSite site(*failing);
            set_clock(site, 0);
            collect_garbage(site.site(), kSettings);
        } catch (const base::Error& error) {
            CHECK(error.kind() == base::ErrorKind::storage);
        }
        if (!plan.has_failed()) break;
        ++points;
        INFO("failing operation: " << plan.log().at(fail_at - 1));
        require_recoverable(filesystem);
    }
    CHECK(points > 100);
}

TEST_CASE("a power cut at any moment of gc loses nothing that is live, and the next gc ends it",
          "[collector][crash]") {
    CrashFilesystem crashing(neglected_disk());
    gc(crashing);
    CrashBounds bounds;
    bounds.exhaustive = 8;
    bounds.samples = 2;
    bounds.step = 2;
    const auto count = crashing.each_crash(bounds, [&](fs::testing::CrashState& state) {
        INFO(state.story);
        require_recoverable(state.filesystem);
    });
    CHECK(count.operations > 100);
    CHECK(count.states > 200);
}

TEST_CASE("gc that is cut off twice still comes to the same end", "[collector][crash]") {
    CrashFilesystem crashing(neglected_disk());
    gc(crashing);
    CrashBounds extremes;
    extremes.losses = fs::testing::Losses::extremes;
    extremes.step = 7;
    std::size_t states = 0;
    crashing.each_crash(extremes, [&](fs::testing::CrashState& first) {
        CrashFilesystem again(first.filesystem.image());
        gc(again);
        states += again
                      .each_crash(extremes,
                                  [&](fs::testing::CrashState& second) {
                                      INFO(first.story << "\nthen " << second.story);
                                      require_recoverable(second.filesystem);
                                  })
                      .states;
    });
    CHECK(states > 100);
}

}  // namespace repotool::store::testing
