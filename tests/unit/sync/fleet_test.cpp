// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <filesystem>

#include "core/fs/testing/failing_filesystem.hpp"
#include "fleet.hpp"
#include "sync/directory/directory_mirror.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

Packages many(int count) {
    Packages packages;
    for (int i = 0; i < count; ++i) packages["package" + std::to_string(1000 + i)] = "1.0";
    return packages;
}

}  // namespace

TEST_CASE("a first sync brings the whole public tree to both mirrors") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}, {"zlib", "1.3"}});
    fleet.site.put_key("stable.asc", "a public key");
    const FleetResult result = fleet.run();
    REQUIRE_FALSE(result.failure);
    CHECK(result.generation == 1);
    for (const auto& mirror : {fleet.a, fleet.b}) {
        CHECK(snapshot(mirror) == snapshot(fleet.workspace.path("site/public")));
        CHECK(fleet.seen(mirror) == 1);
    }
    for (const auto& mirror : result.mirrors) CHECK(mirror.outcome == MirrorOutcome::flipped);
    CHECK(fleet.leftovers() == 0);
}

TEST_CASE("files on a mirror have the times of the source and modes that a web server can read") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.run();
    const auto mirror = fs::open_posix_filesystem(fleet.a);
    const auto source = fs::open_posix_filesystem(fleet.workspace.path("site/public"));
    for (const auto& [name, content] : snapshot(fleet.a)) {
        const auto status = mirror->status(name);
        if (status->kind != fs::Kind::file) continue;
        CAPTURE(name);
        CHECK(status->mode == 0644);
        CHECK(status->mtime == source->status(name)->mtime);
    }
    CHECK(mirror->status("meta/stable")->mode == 0755);
    CHECK(mirror->status(".mirrorsync")->mode == 0700);
}

TEST_CASE("one more package among 300 costs that package, one chunk of each set and the indexes") {
    TwoMirrors fleet;
    Packages packages = many(300);
    fleet.site.publish(packages);
    const FleetResult first = fleet.run();
    REQUIRE_FALSE(first.failure);
    CHECK(first.mirrors[0].packages_sent.size() == 600);
    packages["package1100x"] = "1.0";
    fleet.site.publish(packages);
    {
        const auto source = fs::open_posix_filesystem(fleet.workspace.path("site/public"));
        const auto mirror = fs::open_posix_filesystem(fleet.a);
        const store::GenerationReader present(*mirror, "", "stable", 1);
        const Plan plan = make_plan(store::GenerationReader(*source, "", "stable", 2), &present);
        CHECK(plan.packages.size() == 2);    // not the whole chunk: its old form names the others
        CHECK(plan.expected.size() <= 250);  // and no other chunk is looked into
    }
    const FleetResult second = fleet.run();
    REQUIRE_FALSE(second.failure);
    for (const auto& mirror : second.mirrors) {
        CHECK(mirror.packages_sent.size() == 2);
        // Per set: a chunk (or two, where it splits), the chunk list, the frame table, an index, a
        // sub-manifest, a pointer; MANIFEST.
        CHECK(mirror.files_sent <= 2 + 2 * 7 + 1);
    }
    CHECK(snapshot(fleet.a) == snapshot(fleet.workspace.path("site/public")));
}

TEST_CASE("a mirror that is up to date is not written to") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.run();
    fs::testing::FaultPlan plan(0, 0, fs::testing::Failure::once);
    std::vector<std::unique_ptr<fs::Filesystem>> kept;
    const FleetResult again = fleet.run([&](const std::string& which, std::unique_ptr<fs::Filesystem> below) {
        if (which == "state") return below;
        kept.push_back(std::move(below));
        return fs::testing::make_failing_filesystem(*kept.back(), plan);
    });
    REQUIRE_FALSE(again.failure);
    CHECK(plan.operations() == 0);
    for (const auto& mirror : again.mirrors) CHECK(mirror.outcome == MirrorOutcome::unchanged);
    CHECK(summary(again) == "stable@1 is live on 2 mirrors already, nothing to do");
}

TEST_CASE("a mirror that skipped generations goes straight to the newest") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.run();
    fleet.site.publish({{"hello", "1.1"}});
    fleet.run_to({fleet.a});
    fleet.site.publish({{"hello", "1.2"}});
    const FleetResult result = fleet.run();
    REQUIRE_FALSE(result.failure);
    CHECK(fleet.seen(fleet.a) == 3);
    CHECK(fleet.seen(fleet.b) == 3);
    CHECK_FALSE(std::filesystem::exists(fleet.b + "/gen/stable/2"));
}

TEST_CASE("a new or changed public key is there after the flip") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.site.put_key("stable.asc", "old");
    fleet.run();
    fleet.site.put_key("stable.asc", "new");
    fleet.site.publish({{"hello", "1.1"}});
    fleet.run();
    CHECK(read_text(fleet.a + "/keys/stable.asc") == "new");
}

TEST_CASE("a package that somebody deleted from a mirror comes back when its chunk changes") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}, {"zlib", "1.3"}});
    fleet.run();
    std::filesystem::remove(fleet.a + "/pool/stable/bookworm/main/h/hello/hello_1.0_amd64.deb");
    fleet.site.publish({{"hello", "1.0"}, {"zlib", "1.4"}});
    REQUIRE_FALSE(fleet.run().failure);
    CHECK(fleet.seen(fleet.a) == 2);
}

TEST_CASE("each mirror gets mirrorlist files with its own address") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const auto tree = fs::open_posix_filesystem(fleet.workspace.path("site/public"));
    const auto state = fs::open_posix_filesystem(fleet.workspace.path("site"));
    Source source{"site", *tree, *state, "private/sync"};
    const auto mirror = open_directory_mirror(fleet.a, fleet.a, {.base_url = "https://mirror.example/os/"});
    REQUIRE_FALSE(run_fleet(source, "stable", {{mirror.get(), {}, nullptr}}, {}).failure);
    CHECK(read_text(fleet.a + "/stable/rpm/el9/x86_64/mirrorlist") ==
          "https://mirror.example/os/gen/stable/1/pin/el9/x86_64/\n");
}
