// SPDX-License-Identifier: GPL-3.0-or-later
// What a mirror does not take: wrong bytes, older generations, other histories, things in the way.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "fleet.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/directory/manifest_check.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

void spoil(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    REQUIRE(file.good());
    file.seekp(3);
    file.put('\x7f');
}

// The first regular file below `directory`.
std::string some_file(const std::string& directory) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (!entry.is_symlink() && entry.is_regular_file()) return entry.path().string();
    }
    FAIL("no file below " + directory);
    return {};
}

int exit_code(const FleetResult& result) {
    return result.failure ? base::exit_code(result.failure->kind) : 0;
}

}  // namespace

TEST_CASE("one wrong byte in any kind of file of the source is exit 9, names the file and changes nothing") {
    for (const std::string place :
         {"pool/stable/bookworm", "pool/stable/rpm", "meta/stable/dists", "meta/stable/rpm",
          "meta/stable/tree", "gen/stable/1/dists", "gen/stable/1/pin"}) {
        CAPTURE(place);
        TwoMirrors fleet;
        fleet.site.publish({{"hello", "1.0"}});
        const std::string file = some_file(fleet.workspace.path("site/public/" + place));
        spoil(file);
        int code = 0;
        std::string message;
        try {
            const FleetResult result = fleet.run();
            code = exit_code(result);
            if (result.failure) message = result.failure->message;
        } catch (const base::Error& error) {  // the manifest tree itself
            code = base::exit_code(error.kind());
            message = error.what();
        }
        CHECK(code == 9);
        CHECK_THAT(message, Catch::Contains(std::filesystem::path(file).filename().string()));
        // It is the source that is named, not the copy of it.
        CHECK_THAT(message, !Catch::Contains(".mirrorsync") && !Catch::Contains(fleet.a + "/pool"));
        CHECK(snapshot(fleet.a).empty());
        CHECK(snapshot(fleet.b).empty());
        CHECK(fleet.leftovers() == 0);
    }
}

TEST_CASE("a package that the source has lost, or that grew, is exit 9") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const std::string package =
        fleet.workspace.path("site/public/pool/stable/bookworm/main/h/hello/hello_1.0_amd64.deb");
    SECTION("lost") {
        std::filesystem::remove(package);
    }
    SECTION("grew") {
        std::ofstream(package, std::ios::app) << "more";
    }
    const FleetResult result = fleet.run();
    CHECK(exit_code(result) == 9);
    CHECK_THAT(result.failure->message, Catch::Contains("hello_1.0_amd64.deb"));
    CHECK(snapshot(fleet.a).empty());
}

TEST_CASE("a name that a mirror has with other bytes is exit 9 and is not touched") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const std::string name = "pool/stable/bookworm/main/h/hello/hello_1.0_amd64.deb";
    const auto size = std::filesystem::file_size(fleet.workspace.path("site/public/" + name));
    std::filesystem::create_directories(fleet.b + "/" + std::filesystem::path(name).parent_path().string());
    std::string foreign;
    SECTION("of another size") {
        foreign = "foreign";
    }
    SECTION("of the same size") {
        foreign = std::string(size, 'x');
    }
    std::ofstream(fleet.b + "/" + name) << foreign;
    const FleetResult result = fleet.run();
    CHECK(exit_code(result) == 9);
    CHECK_THAT(result.failure->message, Catch::Contains(fleet.b + "/" + name));
    CHECK(snapshot(fleet.a).empty());
    CHECK(snapshot(fleet.b) == std::map<std::string, std::string>{{name, foreign}});
}

TEST_CASE("a mirror refuses a generation older than the highest that it served") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.site.publish({{"hello", "1.1"}});
    fleet.run();
    const auto before = snapshot(fleet.a);
    // An attacker serves the old generation again.
    std::filesystem::remove(fleet.workspace.path("site/public/stable"));
    std::filesystem::create_symlink("gen/stable/1", fleet.workspace.path("site/public/stable"));
    const FleetResult result = fleet.run();
    CHECK(exit_code(result) == 9);
    CHECK_THAT(result.failure->message, Catch::Contains("never go back"));
    CHECK(snapshot(fleet.a) == before);
    CHECK(fleet.leftovers() == 0);
}

TEST_CASE("a mirror remembers its highest generation even when its tree was emptied") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.site.publish({{"hello", "1.1"}});
    fleet.run();
    for (const char* name : {"stable", "gen", "pool", "meta"})
        std::filesystem::remove_all(fleet.a + "/" + name);
    std::filesystem::remove(fleet.workspace.path("site/public/stable"));
    std::filesystem::create_symlink("gen/stable/1", fleet.workspace.path("site/public/stable"));
    CHECK(exit_code(fleet.run_to({fleet.a})) == 9);
    // The newest is welcome again.
    std::filesystem::remove(fleet.workspace.path("site/public/stable"));
    std::filesystem::create_symlink("gen/stable/2", fleet.workspace.path("site/public/stable"));
    CHECK(exit_code(fleet.run_to({fleet.a})) == 0);
    CHECK(fleet.seen(fleet.a) == 2);
}

TEST_CASE("the same number with other content is refused, a higher epoch is taken") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.run();
    SmallSite other(fleet.workspace.path("other"));
    std::filesystem::remove_all(fleet.workspace.path("site/public"));
    std::filesystem::create_directories(fleet.workspace.path("site/public"));
    SmallSite again(fleet.workspace.path("site"));
    SECTION("the same epoch") {
        again.publish({{"hello", "6.66"}});
        const FleetResult result = fleet.run();
        CHECK(exit_code(result) == 9);
        CHECK_THAT(result.failure->message, Catch::Contains("another generation 1"));
    }
    SECTION("a higher epoch and another number") {
        again.epoch = 2;
        again.first_generation = 7;
        again.publish({{"hello", "2.0"}});
        CHECK(exit_code(fleet.run()) == 0);
        CHECK(fleet.seen(fleet.a) == 7);
    }
}

TEST_CASE("a directory where the repository's symlink belongs is refused before anything is written") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    std::filesystem::create_directories(fleet.b + "/stable/something");
    const FleetResult result = fleet.run();
    CHECK(exit_code(result) == 2);
    CHECK(snapshot(fleet.a).empty());
}

TEST_CASE("a symlink that somebody planted on a mirror is not followed") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fleet.workspace.directory("outside");
    std::filesystem::create_directory_symlink("../outside", fleet.b + "/pool");
    CHECK(exit_code(fleet.run()) != 0);
    CHECK(snapshot(fleet.a).empty());
    CHECK(std::filesystem::is_empty(fleet.workspace.path("outside")));
}

TEST_CASE("a mirror that somebody else holds is exit 6") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const auto holder = open_directory_mirror(fleet.b, fleet.b);
    REQUIRE(holder->try_lock("stable"));
    FleetOptions options;
    options.policy.lock_timeout_seconds = 0;
    const FleetResult result = fleet.run({}, options);
    CHECK(exit_code(result) == 6);
    CHECK_THAT(result.failure->message, Catch::Contains("held by process"));
    CHECK(snapshot(fleet.a).empty());
}

TEST_CASE("a demanded signature that is missing is exit 9") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    FleetOptions options;
    options.check_signature = [](std::string_view, std::string_view signature) {
        if (signature != "good")
            throw base::Error(base::ErrorKind::integrity, "accept", "MANIFEST", "not good");
    };
    CHECK(exit_code(fleet.run({}, options)) == 9);
    CHECK(snapshot(fleet.a).empty());
    fleet.site.put_signature("good");
    CHECK(exit_code(fleet.run({}, options)) == 0);
    CHECK(read_text(fleet.a + "/stable/MANIFEST.asc") == "good");
}
