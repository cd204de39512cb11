// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync as a script calls it: exit codes, the JSON document, what goes to which stream.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/subprocess.hpp"
#include "fleet.hpp"

using namespace repotool;
using namespace repotool::sync::testing;
using nlohmann::json;

namespace {

base::ProcessResult mirrorsync(const TwoMirrors& fleet, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), MIRRORSYNC);
    return base::run_process(arguments, {},
                             {"XDG_STATE_HOME=" + fleet.workspace.path("state"), "REPOTOOL_SITE="});
}

std::string site_of(const TwoMirrors& fleet) {
    return fleet.workspace.path("site");
}

}  // namespace

TEST_CASE("mirrorsync SOURCE TARGET… answers in one line and says nothing else") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const auto first = mirrorsync(fleet, {"--transactional", site_of(fleet), fleet.a, fleet.b});
    CHECK(first.exit_code == 0);
    CHECK_THAT(first.standard_output, Catch::StartsWith("stable@1 is live on 2 mirrors (2 new packages, "));
    CHECK(first.standard_error.empty());
    const auto second = mirrorsync(fleet, {site_of(fleet), fleet.a, fleet.b});
    CHECK(second.exit_code == 0);
    CHECK(second.standard_output == "stable@1 is live on 2 mirrors already, nothing to do\n");
    CHECK(fleet.seen(fleet.b) == 1);
}

TEST_CASE("--json is one document with what the contract names, and --report writes the same") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const std::string report = fleet.workspace.path("report.json");
    const auto answer = mirrorsync(fleet, {"--json", "--report", report, site_of(fleet), fleet.a, fleet.b});
    REQUIRE(answer.exit_code == 0);
    const json document = json::parse(answer.standard_output);
    CHECK(document.at("ok") == true);
    CHECK(document.at("repository") == "stable");
    CHECK(document.at("generation") == 1);
    CHECK(document.at("transaction").get<std::string>().size() == 64);
    CHECK(document.at("mirrors").size() == 2);
    CHECK(document.at("mirrors")[0].at("name") == fleet.a);
    CHECK(document.at("mirrors")[0].at("state") == "flipped");
    CHECK(document.at("mirrors")[0].at("bytes_sent") > 1000);
    CHECK(document.at("mirrors")[0].at("error").is_null());
    CHECK(document.at("transactions").size() == 1);
    CHECK(json::parse(read_text(report)) == document);
}

TEST_CASE("a failure is one line with its hint on standard error, and in the document") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    std::filesystem::create_directories(fleet.b + "/stable/in-the-way");
    const auto answer = mirrorsync(fleet, {"--json", site_of(fleet), fleet.a, fleet.b});
    CHECK(answer.exit_code == 2);
    CHECK_THAT(answer.standard_error,
               Catch::StartsWith("mirrorsync: cannot bring stable@1 to '" + fleet.b + "': "));
    const json document = json::parse(answer.standard_output);
    CHECK(document.at("ok") == false);
    CHECK(document.at("error").at("code") == 2);
    CHECK(document.at("error").at("object") == fleet.b);
    CHECK(document.at("mirrors")[1].at("state") == "failed");
}

TEST_CASE("arguments that make no sense are exit 2 and touch nothing") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const std::string site = site_of(fleet);
    const std::string missing = fleet.workspace.path("missing");
    const std::vector<std::vector<std::string>> cases = {
        {site},                                                    // no target
        {missing, fleet.a},                                        // no source
        {fleet.b, fleet.a},                                        // a directory that is no source
        {site, fleet.a, fleet.a},                                  // twice
        {site, fleet.a, fleet.a + "/../a"},                        // twice, in another spelling
        {site, site},                                              // itself
        {site, site + "/public/mirror"},                           // inside the source
        {site, fleet.workspace.path(".")},                         // around the source
        {site, missing + "/mirror"},                               // nothing above it
        {site, "ftp://host/dir"},                                  // not yet
        {site, "s3://bucket"},                                     // not yet
        {site, "exec: "},                                          // no command
        {site, "rsync://host/module"},                             // nobody looks at it
        {site, "rsync://host"},                                    // no module
        {site, "rsync://host/module/../etc"},                      // leaves the module
        {site, "rsync://host/-module"},                            // an option
        {"--unknown", site, fleet.a},                              // no such option
        {"--lock-timeout", "soon", site, fleet.a},                 // no duration
        {"--repository", "nonsense", site, fleet.a},               // no such repository
        {"--repository", "../etc", site, fleet.a},                 // no such name
        {"--base-url", fleet.b + "=https://host", site, fleet.a},  // no such target
        {"--base-url", fleet.a + "=host", site, fleet.a},          // no address
    };
    for (const auto& arguments : cases) {
        CAPTURE(arguments);
        const auto answer = mirrorsync(fleet, arguments);
        CHECK(answer.exit_code == 2);
        CHECK_THAT(answer.standard_error, Catch::StartsWith("mirrorsync: cannot "));
        CHECK(answer.standard_output.empty());
    }
    CHECK(snapshot(fleet.a).empty());
    CHECK_FALSE(std::filesystem::exists(missing));
}

TEST_CASE("a target is made where its parent exists") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    const std::string target = fleet.workspace.path("new");
    CHECK(mirrorsync(fleet, {site_of(fleet), target}).exit_code == 0);
    CHECK(fleet.seen(target) == 1);
}

TEST_CASE("test repositories are mirrored only when they are named") {
    TwoMirrors fleet;
    SmallSite test(site_of(fleet), "test/change-1");
    test.publish({{"hello", "1.0"}});
    const auto nothing = mirrorsync(fleet, {site_of(fleet), fleet.a});
    CHECK(nothing.exit_code == 2);
    CHECK_THAT(nothing.standard_error, Catch::Contains("--repository"));
    CHECK(mirrorsync(fleet, {"--repository", "test/change-1", site_of(fleet), fleet.a}).exit_code == 0);
    CHECK(std::filesystem::read_symlink(fleet.a + "/test/change-1") == "../gen/test/change-1/1");
}

TEST_CASE("the journal of a source that is no site is kept in the user's state directory") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    std::filesystem::rename(fleet.workspace.path("site/public"), fleet.workspace.path("tree"));
    CHECK(mirrorsync(fleet, {fleet.workspace.path("tree"), fleet.a}).exit_code == 0);
    CHECK(std::filesystem::exists(fleet.workspace.path("state/mirrorsync")));
    CHECK(fleet.seen(fleet.a) == 1);
}

TEST_CASE("a site of a newer format is refused before anything of it is read") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    fs::open_posix_filesystem(site_of(fleet))->create("repotool.yaml", 0644)->write("format: 2\n");
    const auto answer = mirrorsync(fleet, {site_of(fleet), fleet.a});
    CHECK(answer.exit_code == 2);
    CHECK_THAT(answer.standard_error, Catch::Contains("format 2"));
}

TEST_CASE("status says what each mirror serves") {
    TwoMirrors fleet;
    fleet.site.publish({{"hello", "1.0"}});
    mirrorsync(fleet, {site_of(fleet), fleet.a});
    fleet.site.publish({{"hello", "1.1"}});
    const auto answer = mirrorsync(fleet, {"status", "--json", site_of(fleet), fleet.a, fleet.b});
    REQUIRE(answer.exit_code == 0);
    const json repository = json::parse(answer.standard_output).at("repositories").at(0);
    CHECK(repository.at("generation") == 2);
    CHECK(repository.at("mirrors")[0].at("state") == "behind");
    CHECK(repository.at("mirrors")[0].at("generation") == 1);
    CHECK(repository.at("mirrors")[1].at("state") == "missing");
}
