// SPDX-License-Identifier: GPL-3.0-or-later
// The commit core and power cuts (I1 to I6): after every operation of a publish, with every legal loss, the
// next writing command finds the old generation or the new one, whole, and goes on.
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "crash_workload.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::CrashBounds;
using fs::testing::CrashFilesystem;
using fs::testing::CrashState;
using fs::testing::Failure;
using fs::testing::FaultPlan;
using fs::testing::Losses;

}  // namespace

TEST_CASE("a power cut during a publish leaves the old generation or the new one", "[crash]") {
    const std::uint64_t parent = GENERATE(0, 1, 2);
    CrashFilesystem crashing(published_disk(parent));
    publish(crashing, parent + 1);
    crashing.acknowledge();
    CrashBounds bounds;
    bounds.exhaustive = 256;
    bounds.samples = 32;
    const auto count = crashing.each_crash(bounds, [&](CrashState& state) {
        INFO(state.story);
        const bool is_acknowledged = state.acknowledged > 0;  // I5
        require_recoverable(state.filesystem, is_acknowledged ? parent + 1 : parent, parent + 1);
    });
    CHECK(count.operations > 50);
    CHECK(count.states > 500);
}

TEST_CASE("a power cut during the recovery from a power cut changes nothing", "[crash]") {
    const std::uint64_t parent = GENERATE(0, 1);
    CrashFilesystem crashing(published_disk(parent));
    publish(crashing, parent + 1);
    CrashBounds extremes;
    extremes.losses = Losses::extremes;
    std::size_t states = 0;
    crashing.each_crash(extremes, [&](CrashState& first) {
        CrashFilesystem recovering(first.filesystem.image());
        recover_site(recovering);
        const std::uint64_t found = current(recovering).value_or(0);
        states += recovering
                      .each_crash(extremes,
                                  [&](CrashState& second) {
                                      INFO(first.story << "\nthen, during recovery, " << second.story);
                                      require_recoverable(second.filesystem, found,
                                                          found);  // the flip itself is decided
                                  })
                      .states;
    });
    CHECK(states > 1000);
}

TEST_CASE("a package whose object has no links left is copied, and the copy survives a power cut",
          "[crash]") {
    std::uint64_t copies = 0;
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        CrashFilesystem crashing(published_disk(1));
        FaultPlan plan(fail_at, EMLINK, Failure::once);
        const auto failing = fs::testing::make_failing_filesystem(crashing, plan);
        try {
            publish(*failing, 2);
        } catch (const base::Error&) {
            continue;  // EMLINK of anything but a link
        }
        crashing.acknowledge();
        if (!plan.has_failed()) break;
        if (plan.log().at(fail_at - 1).find("link public/pool/") == std::string::npos) continue;
        ++copies;
        crashing.each_crash({}, [&](CrashState& state) {
            INFO(plan.log().at(fail_at - 1) << "\n" << state.story);
            require_recoverable(state.filesystem, 1 + state.acknowledged, 2);
        });
    }
    CHECK(copies == 2);
}

TEST_CASE("a publish of many files, which are synced together, survives a power cut as well", "[crash]") {
    CrashFilesystem crashing(published_disk(1, Size::large));
    publish(crashing, 2, Size::large);
    crashing.acknowledge();
    CrashBounds bounds;
    bounds.losses = Losses::extremes;
    bounds.step = 15;
    CHECK(crashing
              .each_crash(bounds,
                          [&](CrashState& state) {
                              INFO(state.story);
                              require_recoverable(state.filesystem, 1 + state.acknowledged, 2, Size::large);
                          })
              .operations > 1000);
}

}  // namespace repotool::store::testing
