// SPDX-License-Identifier: GPL-3.0-or-later
// Every operation of every disk fails once, or from then on: no client ever sees a mixture, and the next run
// is fine.
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "core/base/digest.hpp"
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

namespace {

// Number of the first operation that a fresh sync of generation 1 does on a disk and whose log line ends so,
// counted after the first `skip` of them.
std::uint64_t operation_number(const std::string& which, const std::string& ending, int skip = 0) {
    TwoMirrors twin;
    twin.site.publish({{"hello", "1.0"}});
    FaultPlan count(0, 0, Fault::once);
    Spoiled counted(which, count);
    REQUIRE_FALSE(twin.run(counted.wrap()).failure);
    for (const auto& line : count.log()) {
        if (line.ends_with(ending) && skip-- == 0) return std::stoull(line);
    }
    FAIL("no such operation: " + ending);
    return 0;
}

}  // namespace

TEST_CASE("a commit that may not be on the disk is revoked there before any mirror is undone") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    // Writing `begin` syncs the journal's directory, then writing `commit` does: that fails, with the line in
    // place already.
    const std::string journal =
        "private/sync/stable/" +
        base::sha256_hex(read_text(fleet.workspace.path("site/public/stable/MANIFEST")));
    FaultPlan state_plan(operation_number("state", " sync_directory " + journal, 1), EIO, Fault::once);
    // And this mirror cannot be undone, so that the journal has to stay.
    FaultPlan mirror_plan(operation_number("b", " remove .stable.new"), EIO, Fault::from_then_on);
    Spoiled state("state", state_plan);
    Spoiled mirror("b", mirror_plan);
    const Wrap spoil_state = state.wrap();
    const Wrap spoil_mirror = mirror.wrap();
    const FleetResult result =
        fleet.run([&](const std::string& which, std::unique_ptr<fs::Filesystem> below) {
            return which == "state" ? spoil_state(which, std::move(below))
                                    : spoil_mirror(which, std::move(below));
        });
    REQUIRE(result.failure);
    CHECK(base::exit_code(result.failure->kind) == 7);
    CHECK_THAT(read_text(fleet.workspace.path("site/" + journal + "/journal")), Catch::Contains("\"abort\""));
    REQUIRE_FALSE(fleet.run_to({fleet.a}).failure);
    CHECK(fleet.seen(fleet.b) == 0);
    CHECK(fleet.leftovers() == 0);
}

TEST_CASE("a mirror that cannot flip after the commit is exit 8, and the next run flips it") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    FaultPlan plan(operation_number("b", " rename stable"), EIO, Fault::once);
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

TEST_CASE("a mirror that was late and then away is owed its flip through later runs of the same generation") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    FaultPlan plan(operation_number("b", " rename stable"), EIO, Fault::once);
    Spoiled spoiled("b", plan);
    REQUIRE(fleet.run(spoiled.wrap()).failure);
    std::filesystem::rename(fleet.b, fleet.b + "-away");
    REQUIRE_FALSE(fleet.run_to({fleet.a, fleet.workspace.directory("c")}).failure);
    CHECK(fleet.seen(fleet.workspace.path("c")) == 1);
    std::filesystem::rename(fleet.b + "-away", fleet.b);
    REQUIRE_FALSE(fleet.run_to({fleet.a}).failure);
    CHECK(fleet.seen(fleet.b) == 1);
    CHECK(fleet.leftovers() == 0);
}
