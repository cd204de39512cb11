// SPDX-License-Identifier: GPL-3.0-or-later
// What a fleet does when some of its mirrors fail: who has to have a generation before anybody shows it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <mutex>

#include "core/base/log.hpp"
#include "fleet.hpp"
#include "forwarding_filesystem.hpp"
#include "spoilt_mirror.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/fleet/fleet_recovery.hpp"
#include "sync/fleet/quarantine.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

constexpr int kLagging = 10;

// Three mirrors; steps that are in `broken` fail as a network does.
struct Trio {
    TwoMirrors two;
    std::string c = two.workspace.directory("c");
    std::map<std::string, std::set<std::string>> broken;  // by mirror: steps
    std::map<std::string, MirrorPolicy> policies;
    std::map<std::string, Checker*> checkers;
    std::vector<std::string> steps;  // of all mirrors, as they came
    std::mutex mutex;
    FleetOptions options;

    Trio() {
        options.policy.retries = 0;
        options.open_mirror = [](const std::string&) -> std::unique_ptr<Mirror> { return nullptr; };
    }

    FleetResult run() {
        return with_fleet([&](Source& source, const std::vector<FleetMember>& members) {
            const FleetResult result = run_fleet(source, "stable", members, options);
            quarantine.clear();
            for (const auto& entry : read_quarantine(source, "stable")) quarantine.push_back(entry.mirror);
            return result;
        });
    }
    RecoveryReport resume() {
        return with_fleet([&](Source& source, const std::vector<FleetMember>& members) {
            return resume_fleet(source, "stable", members, options, Recover::all);
        });
    }
    template <typename Work>
    std::invoke_result_t<Work, Source&, const std::vector<FleetMember>&> with_fleet(const Work& work) {
        base::set_verbosity(base::Verbosity::quiet);
        const auto tree = fs::open_posix_filesystem(two.workspace.path("site/public"));
        const auto state = fs::open_posix_filesystem(two.workspace.path("site"));
        Source source{"site", *tree, *state, "private/sync"};
        std::vector<std::unique_ptr<Mirror>> owned;
        std::vector<FleetMember> members;
        for (const auto& path : {two.a, two.b, c}) {
            owned.push_back(
                std::make_unique<DirectoryMirror>(path, make_unsynced_filesystem(path), MirrorOptions{}));
            owned.push_back(
                std::make_unique<SpoiltMirror>(*owned.back(), [this, path](const std::string& step) {
                    const std::scoped_lock lock(mutex);
                    steps.push_back(step);
                    if (broken[path].contains(step))
                        throw base::Error(base::ErrorKind::network, step, path, "the cable is out");
                }));
            members.push_back({owned.back().get(), policies[path], checkers[path]});
        }
        return work(source, members);
    }
    std::vector<std::uint64_t> seen() const { return {two.seen(two.a), two.seen(two.b), two.seen(c)}; }
    bool is_ready(const std::string& path) const { return !std::filesystem::exists(path + "/.not-ready"); }

    std::vector<std::string> quarantine;
};

using Generations = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("an optional mirror that fails lags, in quarantine, until it has caught up") {
    for (const std::string step : {"state", "lock", "plan", "stage", "verify", "prepare"}) {
        CAPTURE(step);
        Trio trio;
        trio.policies[trio.c].is_required = false;
        trio.two.site.publish({{"hello", "1.0"}});
        REQUIRE_FALSE(trio.run().failure);
        trio.two.site.publish({{"hello", "1.1"}});
        trio.broken[trio.c] = {step};
        const FleetResult result = trio.run();
        CHECK_FALSE(result.failure);
        CHECK(exit_status(result) == kLagging);
        CHECK(trio.seen() == Generations{2, 2, 1});
        CHECK(trio.quarantine == std::vector<std::string>{trio.c});
        CHECK(result.mirrors[2].outcome == MirrorOutcome::lagging);
        if (step != "state" && step != "lock") CHECK_FALSE(trio.is_ready(trio.c));
        CHECK(trio.is_ready(trio.two.a));

        trio.broken.clear();
        CHECK(exit_status(trio.run()) == 0);
        CHECK(trio.seen() == Generations{2, 2, 2});
        CHECK(trio.quarantine.empty());
        CHECK(trio.is_ready(trio.c));
    }
}

TEST_CASE("a required mirror that fails keeps all others from flipping") {
    for (const std::string step : {"state", "lock", "plan", "stage", "verify", "prepare"}) {
        CAPTURE(step);
        Trio trio;
        trio.policies[trio.c].is_required = false;
        trio.two.site.publish({{"hello", "1.0"}});
        trio.run();
        trio.two.site.publish({{"hello", "1.1"}});
        const auto before = snapshot(trio.two.a);
        trio.broken[trio.two.b] = {step};
        CHECK(exit_status(trio.run()) == 8);
        CHECK(trio.seen() == Generations{1, 1, 1});
        CHECK(snapshot(trio.two.a) == before);
        CHECK(snapshot(trio.c) == before);
        CHECK(trio.quarantine.empty());
    }
}

TEST_CASE("optional mirrors count for the quorum") {
    Trio trio;
    for (const auto& path : {trio.two.a, trio.two.b, trio.c}) trio.policies[path].is_required = false;
    trio.options.policy.quorum = 2;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    trio.broken[trio.c] = {"stage"};
    SECTION("two of three are enough") {
        CHECK(exit_status(trio.run()) == kLagging);
        CHECK(trio.seen() == Generations{2, 2, 1});
    }
    SECTION("one of three is not") {
        trio.broken[trio.two.b] = {"verify"};
        const FleetResult result = trio.run();
        CHECK(exit_status(result) == 8);
        REQUIRE(result.failure);
        CHECK_THAT(result.failure->message, Catch::Contains("the quorum is 2"));
        CHECK(trio.seen() == Generations{1, 1, 1});
    }
}

TEST_CASE("a canary that clients would not see well is returned, and nobody else flips") {
    for (const std::string step : {"canary", "probe"}) {
        CAPTURE(step);
        Trio trio;
        trio.policies[trio.two.a].is_canary = true;
        trio.two.site.publish({{"hello", "1.0"}});
        REQUIRE_FALSE(trio.run().failure);
        trio.two.site.publish({{"hello", "1.1"}});
        const auto before = snapshot(trio.two.b);
        trio.broken[trio.two.a] = {step};
        const FleetResult result = trio.run();
        CHECK(exit_status(result) == 8);
        CHECK(trio.seen() == Generations{1, 1, 1});
        if (step == "canary") continue;
        CHECK(result.mirrors[0].outcome == MirrorOutcome::returned);
        CHECK(trio.quarantine == std::vector<std::string>{trio.two.a});
        CHECK_FALSE(trio.is_ready(trio.two.a));
        // What its clients were told of stays readable everywhere until its grace is over.
        for (const auto& path : {trio.two.a, trio.two.b, trio.c})
            CHECK(std::filesystem::exists(path + "/gen/stable/2/MANIFEST"));

        trio.broken.clear();
        CHECK(exit_status(trio.run()) == 0);
        CHECK(trio.seen() == Generations{2, 2, 2});
        CHECK(trio.is_ready(trio.two.a));
        CHECK(trio.quarantine.empty());
    }
}

TEST_CASE("a canary on the very first generation goes back to nothing") {
    Trio trio;
    trio.policies[trio.two.b].is_canary = true;
    trio.broken[trio.two.b] = {"probe"};
    trio.two.site.publish({{"hello", "1.0"}});
    CHECK(exit_status(trio.run()) == 8);
    CHECK(trio.seen() == Generations{0, 0, 0});
    trio.broken.clear();
    CHECK(exit_status(trio.run()) == 0);
    CHECK(trio.seen() == Generations{1, 1, 1});
}

TEST_CASE("a mirror that cannot flip after the commit is late, in quarantine, and finished by the next run") {
    Trio trio;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    trio.broken[trio.two.b] = {"flip"};
    const FleetResult result = trio.run();
    CHECK(exit_status(result) == 8);
    CHECK(trio.seen() == Generations{2, 1, 2});
    CHECK(trio.quarantine == std::vector<std::string>{trio.two.b});
    CHECK_FALSE(trio.is_ready(trio.two.b));
    trio.broken.clear();
    CHECK(exit_status(trio.run()) == 0);
    CHECK(trio.seen() == Generations{2, 2, 2});
    CHECK(trio.is_ready(trio.two.b));
    CHECK(trio.quarantine.empty());
}

TEST_CASE("what another coordinator has under way on a busy mirror is left alone") {
    Trio trio;
    trio.policies[trio.c].is_required = false;
    trio.options.policy.lock_timeout_seconds = 0;
    trio.two.site.publish({{"hello", "1.0"}});
    const auto tree = fs::open_posix_filesystem(trio.two.workspace.path("site/public"));
    const auto generation = store::open_generation(*tree, "", "stable");
    const TransactionIdentity identity{"stable", {1, 1, generation.manifest_sha256()}};
    DirectoryMirror other(trio.c, make_unsynced_filesystem(trio.c), MirrorOptions{});
    REQUIRE(other.try_lock("stable"));
    const StageRequest request{identity, generation, {}, {}};
    other.plan(request);
    other.stage(request);
    CHECK(exit_status(trio.run()) == kLagging);
    other.verify(request);
    other.prepare(identity);
    other.flip(identity, Flip::final);
    CHECK(trio.two.seen(trio.c) == 1);
}

TEST_CASE("what the network spoiled once is tried again") {
    Trio trio;
    trio.options.policy.retries = 1;
    int failures = 0;
    trio.two.site.publish({{"hello", "1.0"}});
    const auto tree = fs::open_posix_filesystem(trio.two.workspace.path("site/public"));
    const auto state = fs::open_posix_filesystem(trio.two.workspace.path("site"));
    Source source{"site", *tree, *state, "private/sync"};
    DirectoryMirror below(trio.c, make_unsynced_filesystem(trio.c), MirrorOptions{});
    SpoiltMirror mirror(below, [&](const std::string& step) {
        if (step == "verify" && failures++ == 0)
            throw base::Error(base::ErrorKind::network, step, "c", "the cable is out");
    });
    CHECK_FALSE(run_fleet(source, "stable", {{&mirror, {}, nullptr}}, trio.options).failure);
    CHECK(failures == 2);
    CHECK(trio.two.seen(trio.c) == 1);
}

TEST_CASE("so many packages do not leave without being told to") {
    Trio trio;
    Packages many;
    for (int i = 0; i < 150; ++i) many["package" + std::to_string(i)] = "1.0";
    trio.two.site.publish(many);
    REQUIRE_FALSE(trio.run().failure);
    trio.two.site.publish({{"package1", "1.0"}});
    const FleetResult refused = trio.run();
    CHECK(exit_status(refused) == 4);
    REQUIRE(refused.failure);
    CHECK_THAT(refused.failure->hint, Catch::Contains("--max-delete 298"));
    CHECK(trio.seen() == Generations{1, 1, 1});
    trio.options.policy.max_delete = 298;
    CHECK_FALSE(trio.run().failure);
    CHECK(trio.seen() == Generations{2, 2, 2});
}

TEST_CASE("all mirrors have flipped before any of them is looked at") {
    Trio trio;
    trio.options.policy.parallel = 1;
    trio.two.site.publish({{"hello", "1.0"}});
    REQUIRE_FALSE(trio.run().failure);
    const auto first_look = std::find(trio.steps.begin(), trio.steps.end(), "probe");
    CHECK(std::count(trio.steps.begin(), first_look, "flip") == 3);
}

TEST_CASE("a late mirror that recovery brings to what is no longer the newest stays out of sight") {
    Trio trio;
    trio.policies[trio.c].is_required = false;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    trio.broken[trio.c] = {"flip"};
    trio.run();
    trio.broken.clear();
    SECTION("the source has something newer") {
        trio.two.site.publish({{"hello", "1.2"}});
        CHECK(trio.resume().finished == 1);
        CHECK(trio.seen() == Generations{2, 2, 2});
        CHECK_FALSE(trio.is_ready(trio.c));
        CHECK(exit_status(trio.run()) == 0);
        CHECK(trio.is_ready(trio.c));
    }
    SECTION("it has not") {
        CHECK(trio.resume().finished == 1);
        CHECK(trio.is_ready(trio.c));
    }
}

TEST_CASE("what clients would not see well on an optional mirror is not flipped by recovery either") {
    struct NotFound : Checker {
        void check_staged(const StageRequest&, const std::optional<Version>&) override {
            throw base::Error(base::ErrorKind::network, "see", "c", "404 Not Found");
        }
        void check_live(const StageRequest&) override {}
    } not_found;
    Trio trio;
    trio.policies[trio.c].is_required = false;
    trio.checkers[trio.c] = &not_found;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.broken[trio.c] = {"abort"};  // what it has stays prepared
    trio.broken[trio.two.b] = {"flip"};
    CHECK(exit_status(trio.run()) == 8);
    CHECK(trio.seen() == Generations{1, 0, 0});
    trio.broken.clear();
    trio.resume();
    CHECK(trio.seen() == Generations{1, 1, 0});
}

namespace {

// Brings the source's generation to a mirror as a coordinator on another host would, which then dies.
void prepare_elsewhere(Trio& trio, const std::string& path, bool as_canary) {
    const auto tree = fs::open_posix_filesystem(trio.two.workspace.path("site/public"));
    const auto generation = store::open_generation(*tree, "", "stable");
    const TransactionIdentity identity{"stable",
                                       {1, generation.manifest().generation, generation.manifest_sha256()}};
    DirectoryMirror mirror(path, make_unsynced_filesystem(path), MirrorOptions{});
    REQUIRE(mirror.try_lock("stable"));
    const StageRequest request{identity, generation, {}, {}};
    mirror.plan(request);
    mirror.stage(request);
    mirror.verify(request);
    mirror.prepare(identity);
    if (as_canary) mirror.flip(identity, Flip::canary);
}

}  // namespace

TEST_CASE("what a coordinator that nobody knows of had prepared stays readable") {
    Trio trio;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    prepare_elsewhere(trio, trio.c, false);
    trio.two.site.publish({{"hello", "1.2"}});
    CHECK(exit_status(trio.run()) == 0);
    CHECK(trio.seen() == Generations{3, 3, 3});
    CHECK(std::filesystem::exists(trio.c + "/gen/stable/2/MANIFEST"));
}

TEST_CASE(
    "a canary that a dead coordinator flipped counts as current only when a living one has made it final") {
    Trio trio;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    prepare_elsewhere(trio, trio.c, true);
    const auto is_trial = [&] {
        DirectoryMirror mirror(trio.c, make_unsynced_filesystem(trio.c), MirrorOptions{});
        return mirror.state("stable").is_trial;
    };
    CHECK(is_trial());
    SECTION("of the same generation") {
        CHECK(exit_status(trio.run()) == 0);
        CHECK(trio.seen() == Generations{2, 2, 2});
    }
    SECTION("of the next one, before which it does not go back") {
        trio.two.site.publish({{"hello", "1.2"}});
        trio.broken[trio.two.a] = {"prepare"};
        CHECK(exit_status(trio.run()) == 8);
        CHECK(trio.seen() == Generations{1, 1, 2});
        trio.broken.clear();
        CHECK(exit_status(trio.run()) == 0);
        CHECK(trio.seen() == Generations{3, 3, 3});
    }
    CHECK_FALSE(is_trial());
    for (const auto& item : private_snapshot(trio.c)) {
        CAPTURE(item.first);
        CHECK_FALSE(item.first.starts_with("stable/txn/"));
    }
}

TEST_CASE("nothing new begins on a mirror before what an interrupted run left there is settled") {
    Trio trio;
    trio.policies[trio.c].is_required = false;
    trio.two.site.publish({{"hello", "1.0"}});
    trio.run();
    trio.two.site.publish({{"hello", "1.1"}});
    trio.broken[trio.c] = {"flip"};
    trio.run();
    trio.two.site.publish({{"hello", "1.2"}});
    CHECK(exit_status(trio.run()) == kLagging);  // it cannot be finished, so the next one does not touch it
    CHECK(trio.seen() == Generations{3, 3, 1});
    CHECK(std::filesystem::exists(trio.c + "/gen/stable/2/MANIFEST"));
    trio.broken.clear();
    CHECK(exit_status(trio.run()) == 0);
    CHECK(trio.seen() == Generations{3, 3, 3});
    CHECK(trio.two.leftovers() == 0);
}
