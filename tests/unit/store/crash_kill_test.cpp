// SPDX-License-Identifier: GPL-3.0-or-later
// A publisher that dies or fails leaves changes behind that no power cut has settled: they are there, and not
// durable. Whoever publishes next and is acknowledged must not lose anything to them when the power goes.
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "crash_workload.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::CrashFilesystem;
using fs::testing::CrashState;
using fs::testing::Failure;
using fs::testing::FaultPlan;

// A publisher that meets the fault of this plan.
void publish_with(fs::Filesystem& filesystem, FaultPlan& plan, std::uint64_t generation) {
    const auto failing = fs::testing::make_failing_filesystem(filesystem, plan);
    try {
        publish(*failing, generation);
    } catch (const base::Error&) {
        // What it left behind is the point.
    }
}

// Publishes after whoever came before; returns the number.
std::uint64_t publish_next(fs::Filesystem& filesystem, std::uint64_t wanted,
                           const std::function<void()>& meanwhile) {
    try {
        publish(filesystem, wanted, Size::small, meanwhile);
        return wanted;
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::conflict) throw;
    }
    publish(filesystem, wanted + 1);  // the one before had got as far as its flip
    return wanted + 1;
}

enum class Order { one_after_the_other, second_had_begun };

// The first publisher meets a fault at each of its operations in turn, the second is acknowledged.
void sweep(std::uint64_t parent, Failure failure, Order order) {
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        CrashFilesystem crashing(published_disk(parent));
        FaultPlan plan(fail_at, EIO, failure);
        const auto first = [&] { publish_with(crashing, plan, parent + 1); };
        if (order == Order::one_after_the_other) first();
        const std::uint64_t published = order == Order::second_had_begun
                                            ? publish_next(crashing, parent + 1, first)
                                            : publish_next(crashing, current(crashing).value_or(0) + 1, {});
        crashing.acknowledge();
        if (!plan.has_failed()) break;
        fs::testing::CrashBounds bounds;
        bounds.exhaustive = 8;
        bounds.samples = 4;
        bounds.first = crashing.operations();
        crashing.each_crash(bounds, [&](CrashState& state) {
            INFO("the first failed at " << plan.log().at(fail_at - 1) << "\n" << state.story);
            require_recoverable(state.filesystem, published, published);
        });
    }
}

}  // namespace

TEST_CASE("what a killed publisher left does not undo the next one when the power goes", "[crash]") {
    sweep(GENERATE(0, 1), Failure::from_then_on,
          GENERATE(Order::one_after_the_other, Order::second_had_begun));
}

TEST_CASE("what a failed publisher took back does not undo the next one when the power goes", "[crash]") {
    sweep(1, Failure::once, GENERATE(Order::one_after_the_other, Order::second_had_begun));
}

TEST_CASE("bytes whose sync failed are written again, not trusted", "[crash]") {
    for (std::size_t number = 1;; ++number) {
        CrashFilesystem crashing(published_disk(1));
        crashing.fail_sync(number);
        FaultPlan nothing(0, EIO, Failure::once);
        publish_with(crashing, nothing, 2);
        if (!crashing.has_failed()) break;
        const std::uint64_t published = publish_next(crashing, current(crashing).value_or(0) + 1, {});
        crashing.acknowledge();
        fs::testing::CrashBounds bounds;
        bounds.exhaustive = 16;
        bounds.first = crashing.operations();
        crashing.each_crash(bounds, [&](CrashState& state) {
            INFO("sync " << number << " failed\n" << state.story);
            require_recoverable(state.filesystem, published, published);
        });
    }
}

}  // namespace repotool::store::testing
