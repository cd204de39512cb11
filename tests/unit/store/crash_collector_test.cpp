// SPDX-License-Identifier: GPL-3.0-or-later
// gc and publishers side by side, and power cuts after that (I3, I13): at every operation of the one, the
// other does all its work in between. What gc does alone is in collector_crash_test.cpp.
#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>
#include <optional>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/store/collector.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "small_repository.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::CrashBounds;
using fs::testing::CrashFilesystem;
using fs::testing::CrashState;
using fs::testing::DiskImage;
using fs::testing::Failure;
using fs::testing::FaultPlan;
using fs::testing::Losses;
using fs::testing::MemoryFilesystem;

const CollectorSettings kSettings{{48 * kHour, 14 * kDay, 1}, {0, "a test"}};

// What the publisher wants: a package whose name and object gc is about to remove, one that leaves with a
// generation that gc is about to retire, and a new one.
const Packages kWanted{{"all-data", "1"}, {"gone", "1"}, {"hello", "2"}};

DiskImage neglected_disk() {
    MemoryFilesystem filesystem;
    SmallSite site(filesystem);
    site.publish("stable", {{"all-data", "1"}, {"gone", "1"}});
    site.publish("stable", {{"all-data", "1"}, {"hello", "1"}});
    site.clock().advance(3 * kDay);
    collect_garbage(site.site(), kSettings);  // condemns gone 1
    site.clock().advance(20 * kDay);
    site.publish("stable", {{"all-data", "2"}});
    return filesystem.image();
}

void set_clock(SmallSite& site) {
    site.clock().advance(30 * kDay);
}

// Busy repositories are left alone by it.
void gc(fs::Filesystem& filesystem) {
    SmallSite site(filesystem);
    set_clock(site);
    collect_garbage(site.site(), kSettings);
}

void publish(fs::Filesystem& filesystem) {
    SmallSite site(filesystem);
    set_clock(site);
    site.publish("stable", kWanted);
}

std::uint64_t current(fs::Filesystem& filesystem) {
    return make_symlink_head(filesystem, "public", "stable")->current().value_or(0);
}

// False where somebody who waits would wait for the one that is interrupted.
bool is_free(fs::Filesystem& filesystem, const std::string& lock) {
    return filesystem.try_lock(lock, fs::LockMode::exclusive) != nullptr;
}

// What `first` leaves when all of `second` happens before its n-th operation, for each n, and then the power
// goes. Returns how often that was possible.
std::size_t interleave(const std::function<void(fs::Filesystem&)>& first,
                       const std::function<void(fs::Filesystem&)>& second,
                       const std::vector<std::string>& locks) {
    std::size_t interleaved = 0;
    for (std::uint64_t at = 1;; ++at) {
        CrashFilesystem crashing(neglected_disk());
        FaultPlan plan(at, [&] {
            for (const auto& lock : locks) {
                if (!is_free(crashing, lock)) return;
            }
            ++interleaved;
            second(crashing);
        });
        first(*fs::testing::make_failing_filesystem(crashing, plan));
        if (!plan.has_failed()) return interleaved;
        INFO("before operation " << plan.log().at(at - 1));
        require_whole(crashing);
        const std::uint64_t newest = current(crashing);
        CrashBounds bounds;
        if (at % 10 != 0) bounds.losses = Losses::extremes;
        bounds.exhaustive = 4;
        bounds.samples = 2;
        bounds.first = crashing.operations();
        crashing.each_crash(bounds, [&](CrashState& state) {
            INFO(state.story);
            require_whole(state.filesystem);
            REQUIRE(current(state.filesystem) == newest);
            gc(state.filesystem);
            require_whole(state.filesystem);
            require_no_garbage(state.filesystem);
        });
    }
}

}  // namespace

TEST_CASE("gc at any moment of a publish takes nothing that the publish relies on", "[collector][crash]") {
    // gc finds the repository busy and does the rest.
    CHECK(interleave(publish, gc, {layout::kTransactionLock, layout::kCollectorLock}) > 50);
}

TEST_CASE("a publish at any moment of gc keeps what gc had found to be garbage", "[collector][crash]") {
    CHECK(interleave(gc, publish,
                     {layout::kTransactionLock, layout::kCollectorLock, layout::repository_lock("stable")}) >
          10);
}

TEST_CASE("what a gc that was killed left does not undo the next publish when the power goes",
          "[collector][crash]") {
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        CrashFilesystem crashing(neglected_disk());
        FaultPlan plan(fail_at, EIO, Failure::from_then_on);
        try {
            gc(*fs::testing::make_failing_filesystem(crashing, plan));
        } catch (const base::Error&) {
            // What it left behind is the point.
        }
        publish(crashing);
        if (!plan.has_failed()) break;
        CrashBounds bounds;
        bounds.exhaustive = 4;
        bounds.samples = 2;
        bounds.first = crashing.operations();
        crashing.each_crash(bounds, [&](CrashState& state) {
            INFO("gc was killed at " << plan.log().at(fail_at - 1) << "\n" << state.story);
            require_whole(state.filesystem);
            REQUIRE(current(state.filesystem) == 4);
        });
    }
}

TEST_CASE("a publish that a power cut ended leaves nothing that gc does not find", "[collector][crash]") {
    CrashFilesystem crashing(neglected_disk());
    publish(crashing);
    CrashBounds bounds;
    bounds.exhaustive = 8;
    bounds.samples = 2;
    bounds.step = 2;
    crashing.each_crash(bounds, [&](CrashState& state) {
        INFO(state.story);
        require_whole(state.filesystem);
        gc(state.filesystem);
        require_whole(state.filesystem);
        require_no_garbage(state.filesystem);
    });
}

}  // namespace repotool::store::testing
