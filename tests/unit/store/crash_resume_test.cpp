// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that are resumed and power cuts: nothing of a finished step is durable for certain, so after each loss
// the same command goes on with what proves itself, or begins anew, and others publish as if nobody had been
// there.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "crash_workload.hpp"

namespace repotool::store::testing {
namespace {

using fs::testing::CrashBounds;
using fs::testing::CrashFilesystem;
using fs::testing::CrashState;

// Every disk that a run for the generation after `parent` may leave.
template <typename Check>
void each_dead_run(std::uint64_t parent, const Check& check) {
    CrashFilesystem crashing(published_disk(parent));
    Reuses none;
    publish_as_run(crashing, parent + 1, none);
    CrashBounds bounds;
    bounds.exhaustive = 64;
    bounds.samples = 8;
    crashing.each_crash(bounds, [&](CrashState& state) {
        INFO(state.story);
        check(state.filesystem);
    });
}

}  // namespace

TEST_CASE("a run that died is resumed, and ends as one that nobody disturbed", "[crash]") {
    const std::uint64_t parent = GENERATE(0, 1);
    Reuses reuses;
    each_dead_run(parent, [&](fs::Filesystem& filesystem) {
        if (current(filesystem).value_or(0) > parent)
            recover_site(filesystem);
        else
            publish_as_run(filesystem, parent + 1, reuses);
        require_whole(filesystem, parent + 1);
    });
    CHECK(reuses.flips == 0);
    CHECK(reuses.packages > 100);
    CHECK(reuses.generations > 50);
}

TEST_CASE("a run that dies again after it was resumed is resumed again", "[crash]") {
    CrashFilesystem crashing(published_disk(1));
    Reuses none, reuses;
    publish_as_run(crashing, 2, none);
    CrashBounds few, extremes;
    few.losses = extremes.losses = fs::testing::Losses::extremes;
    few.step = 4;
    crashing.each_crash(few, [&](CrashState& first) {
        if (current(first.filesystem) == 2) return;
        CrashFilesystem again(first.filesystem.image());
        publish_as_run(again, 2, none);
        again.each_crash(extremes, [&](CrashState& second) {
            INFO(first.story << "\nthen, when it was resumed, " << second.story);
            if (current(second.filesystem) == 2)
                recover_site(second.filesystem);
            else
                publish_as_run(second.filesystem, 2, reuses);
            require_whole(second.filesystem, 2);
        });
    });
    CHECK(reuses.generations > 100);
}

TEST_CASE("a run that had flipped when it died is told so when it is started again", "[crash]") {
    Reuses reuses;
    each_dead_run(1, [&](fs::Filesystem& filesystem) {
        if (current(filesystem).value_or(0) != 2) return;
        const int flips = reuses.flips;
        try {
            publish_as_run(filesystem, 2, reuses);
            CHECK(reuses.flips == flips + 1);
        } catch (const base::Error& error) {  // the transaction was over, or its steps were lost
            CHECK(error.kind() == base::ErrorKind::conflict);
            recover_site(filesystem);
        }
        require_whole(filesystem, 2);
    });
    CHECK(reuses.flips > 0);
}

TEST_CASE("others publish after a run died, the same names too, and then it begins behind them", "[crash]") {
    const std::uint64_t parent = GENERATE(0, 1);
    Reuses reuses;
    each_dead_run(parent, [&](fs::Filesystem& filesystem) {
        recover_site(filesystem);
        const std::uint64_t found = current(filesystem).value_or(0);
        require_public(filesystem, found);
        publish(filesystem, found + 1);
        require_public(filesystem, found + 1);
        publish_as_run(filesystem, found + 2, reuses);
        require_whole(filesystem, found + 2);
    });
    CHECK(reuses.generations == 0);
}

}  // namespace repotool::store::testing
