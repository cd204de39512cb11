// SPDX-License-Identifier: GPL-3.0-or-later
// Every operation of every disk fails once, or from then on: no client ever sees a mixture, and the next run
// is fine.
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "fleet.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;
using Fault = fs::testing::Failure;
using fs::testing::FaultPlan;

namespace {

// Spoils one of the three disks.
class Spoiled {
public:
    Spoiled(std::string which, FaultPlan& plan) : which_(std::move(which)), plan_(plan) {}
    Wrap wrap() {
        return [this](const std::string& which, std::unique_ptr<fs::Filesystem> below) {
            if (which != which_) return below;
            kept_.push_back(std::move(below));
            return fs::testing::make_failing_filesystem(*kept_.back(), plan_);
        };
    }

private:
    std::string which_;
    FaultPlan& plan_;
    std::vector<std::unique_ptr<fs::Filesystem>> kept_;
};

// What the run says: its failure, or the one that it throws.
std::optional<base::ErrorKind> kind_of_run(const TwoMirrors& fleet, const Wrap& wrap) {
    try {
        const FleetResult result = fleet.run(wrap);
        return result.failure ? std::optional(result.failure->kind) : std::nullopt;
    } catch (const base::Error& error) {
        return error.kind();
    }
}

// From generation 1 to 2 with the n-th operation failing. False when there is no n-th operation.
bool survives(const std::string& which, std::uint64_t n, Fault failure) {
    CAPTURE(which, n);
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.run();
    fleet.site.publish({{"hello", "1.1"}, {"zlib", "1.3"}});
    const auto before_a = snapshot(fleet.a);
    const auto before_b = snapshot(fleet.b);
    FaultPlan plan(n, ENOSPC, failure);
    Spoiled spoiled(which, plan);
    const auto kind = kind_of_run(fleet, spoiled.wrap());
    if (!plan.has_failed()) return false;
    CAPTURE(plan.log().at(n - 1));
    const auto seen_a = fleet.seen(fleet.a);
    const auto seen_b = fleet.seen(fleet.b);
    if (!kind) {
        CHECK((seen_a == 2 && seen_b == 2));
    } else if (*kind == base::ErrorKind::network) {  // after the commit: at most the spoiled mirror waits
        CHECK((which == "a" ? seen_b : seen_a) == 2);
    } else {
        CHECK(*kind == base::ErrorKind::storage);
        CHECK((seen_a == 1 && seen_b == 1));
        const bool could_clean = failure == Fault::once;
        if (could_clean && fleet.leftovers() == 0) {
            CHECK(snapshot(fleet.a) == before_a);
            CHECK(snapshot(fleet.b) == before_b);
        }
    }
    REQUIRE_FALSE(fleet.run().failure);  // the next run needs no flag
    CHECK(fleet.leftovers() == 0);
    CHECK(snapshot(fleet.a) == snapshot(fleet.workspace.path("site/public")));
    CHECK(snapshot(fleet.b) == snapshot(fleet.a));
    return true;
}

void sweep(const std::string& which, Fault failure) {
    std::uint64_t n = 1;
    while (survives(which, n, failure)) ++n;
    CHECK(n > (which == "state" ? 5U : 50U));  // the sweep reached something
}

}  // namespace

TEST_CASE("any operation that fails once on a mirror leaves old or new, and the next run finishes") {
    sweep("b", Fault::once);
}

TEST_CASE("a mirror's disk that is full from any operation on leaves old or new, and the next run finishes") {
    sweep("a", Fault::from_then_on);
}

TEST_CASE(
    "any operation that fails once on the coordinator's disk leaves old or new, and the next run finishes") {
    sweep("state", Fault::once);
}

TEST_CASE(
    "a coordinator's disk that is full from any operation on leaves old or new, and the next run finishes") {
    sweep("state", Fault::from_then_on);
}

TEST_CASE("a failed write leaves both mirrors byte for byte as they were") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    FaultPlan plan(25, ENOSPC, Fault::once);
    Spoiled spoiled("b", plan);
    const FleetResult result = fleet.run(spoiled.wrap());
    REQUIRE(result.failure);
    CHECK(base::exit_code(result.failure->kind) == 7);
    CHECK(result.failure->object == fleet.b);
    CHECK(result.mirrors[0].outcome == MirrorOutcome::aborted);
    CHECK(result.mirrors[1].outcome == MirrorOutcome::failed);
    CHECK(snapshot(fleet.a).empty());
    CHECK(snapshot(fleet.b).empty());
    CHECK(fleet.leftovers() == 0);
}

TEST_CASE("a mirror that cannot flip after the commit is exit 8, and the next run flips it") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    FaultPlan count(0, 0, Fault::once);
    {
        TwoMirrors twin;
        twin.site.publish({{"hello", "1.0"}});
        Spoiled counted("b", count);
        REQUIRE_FALSE(twin.run(counted.wrap()).failure);
    }
    std::uint64_t flip = 0;
    for (const auto& line : count.log()) {
        if (line.ends_with(" rename stable")) flip = std::stoull(line);
    }
    REQUIRE(flip > 0);
    FaultPlan plan(flip, EIO, Fault::once);
    Spoiled spoiled("b", plan);
    const FleetResult result = fleet.run(spoiled.wrap());
    REQUIRE(result.failure);
    CHECK(base::exit_code(result.failure->kind) == 8);
    CHECK(result.mirrors[0].outcome == MirrorOutcome::flipped);
    CHECK(result.mirrors[1].outcome == MirrorOutcome::prepared);
    CHECK(fleet.seen(fleet.a) == 1);
    CHECK(fleet.seen(fleet.b) == 0);
    // Even where the next run is about the other mirror: the journal knows where the late one is.
    REQUIRE_FALSE(fleet.run_to({fleet.a}).failure);
    CHECK(fleet.seen(fleet.b) == 1);
    CHECK(fleet.leftovers() == 0);
}
