// SPDX-License-Identifier: GPL-3.0-or-later
// Requests to sync once more: left by who cannot wait, served by whoever is at it or comes next.
#include "sync/fleet/requests.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.hpp"
#include "fleet.hpp"
#include "sync/fleet/coordinator_journal.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

struct Pushes {
    TwoMirrors fleet;
    std::unique_ptr<fs::Filesystem> tree;
    std::unique_ptr<fs::Filesystem> state;

    Pushes() {
        fleet.site.publish({{"hello", "1.0"}});
        tree = fs::open_posix_filesystem(fleet.workspace.path("site/public"));
        state = fs::open_posix_filesystem(fleet.workspace.path("site"));
    }
    Source source() { return {"site", *tree, *state, "private/sync"}; }
    std::size_t open() {
        Source of = source();
        return open_requests(of, "stable").size();
    }
    // How often the fleet was run; `after` each run something may happen.
    int run(const std::function<void(int number)>& after) {
        int runs = 0;
        Source of = source();
        FleetOptions options;
        options.policy.lock_timeout_seconds = 0;
        run_as_requested(of, "stable", options, [&](const FleetOptions& now) {
            const FleetResult result = fleet.run({}, now);
            after(++runs);
            return result;
        });
        return runs;
    }
};

}  // namespace

TEST_CASE("what was asked for before a run is served by it, and by no other") {
    Pushes pushes;
    Source source = pushes.source();
    leave_request(source, "stable");
    CHECK(pushes.open() == 1);
    CHECK(pushes.run([](int) {}) == 1);
    CHECK(pushes.open() == 0);
    CHECK(pushes.fleet.seen(pushes.fleet.a) == 1);
}

TEST_CASE("what was asked for while a run was under way makes it run once more, to what is current then") {
    Pushes pushes;
    CHECK(pushes.run([&](int number) {
        if (number > 1) return;
        pushes.fleet.site.publish({{"hello", "1.1"}});
        Source source = pushes.source();
        leave_request(source, "stable");
    }) == 2);
    CHECK(pushes.open() == 0);
    CHECK(pushes.fleet.seen(pushes.fleet.a) == 2);
}

TEST_CASE("a run that fails serves no request") {
    Pushes pushes;
    Source source = pushes.source();
    leave_request(source, "stable");
    std::filesystem::create_directories(pushes.fleet.b + "/stable/in-the-way");
    CHECK(pushes.run([](int) {}) == 1);
    CHECK(pushes.open() == 1);
    std::filesystem::remove_all(pushes.fleet.b + "/stable");
    CHECK(pushes.run([](int) {}) == 1);
    CHECK(pushes.open() == 0);
}

TEST_CASE("who finds another coordinator at work leaves a request and says so") {
    Pushes pushes;
    Source source = pushes.source();
    {
        const auto other = lock_source(source, "stable", 0);
        try {
            pushes.run([](int) {});
            FAIL("it ran beside the other one");
        } catch (const base::Error& error) {
            CHECK(base::exit_code(error.kind()) == 6);
            CHECK_THAT(error.hint(), Catch::Contains("the request is kept"));
        }
    }
    CHECK(pushes.open() == 1);
    CHECK(pushes.fleet.seen(pushes.fleet.a) == 0);
}
