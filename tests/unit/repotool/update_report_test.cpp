// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/report.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

// An update with a build for each of these combinations of the release icehouse.
UpdateReport an_update(const std::string& file, const std::vector<std::string>& dists) {
    Update update;
    update.file = file;
    std::vector<BuildReport> builds;
    for (const auto& dist : dists) {
        Build build;
        build.id = "a-1-1";
        build.repo = "icehouse";
        build.dist = dist;
        update.builds.push_back(build);
        builds.push_back({build, {}});
    }
    return make_report(update, builds);
}

// Says which combinations are red.
Judge red(const std::vector<std::string>& dists) {
    return [dists](const UpdateReport& /*update*/, const CombinationReport& combination) -> Verdict {
        for (const auto& dist : dists) {
            if (dist == combination.dist)
                return {VerdictState::failed, "systest", "http://jenkins.example.org/7", "2 of 9 tests"};
        }
        return {VerdictState::passed};
    };
}

std::string states(const UpdateReport& update) {
    std::string text;
    for (const auto& combination : update.combinations)
        text += combination.dist + " " + verdict_name(combination.verdict.state) + "\n";
    return text;
}

}  // namespace

TEST_CASE("each combination of an update is judged once, and disabled ones are not", "[update]") {
    const Config config = parse_config(
        "disabled: [{release: icehouse, dist: fedora-20, reason: red since Monday}]\n", "repotool.yaml");
    std::vector<UpdateReport> updates{an_update("u.yml", {"epel-7", "fedora-20", "epel-7", "jammy"})};
    collate_verdicts(updates, config, red({"fedora-20"}));
    CHECK(states(updates[0]) == "epel-7 passed\nfedora-20 disabled\njammy passed\n");
    CHECK(updates[0].combinations[1].verdict.reason == "red since Monday");
    CHECK_NOTHROW(demand_verdicts(updates, "promote"));
}

TEST_CASE("without a judge nothing is checked", "[update]") {
    std::vector<UpdateReport> updates{an_update("u.yml", {"epel-7"})};
    collate_verdicts(updates, Config{}, nullptr);
    CHECK(states(updates[0]) == "epel-7 unchecked\n");
    CHECK_NOTHROW(demand_verdicts(updates, "promote"));
}

TEST_CASE("one red combination refuses all updates, and the first line says which, why and where",
          "[update]") {
    std::vector<UpdateReport> updates{an_update("ready/a.yml", {"jammy"}),
                                      an_update("ready/b.yml", {"jammy", "epel-7", "epel-6"})};
    collate_verdicts(updates, Config{}, red({"epel-7", "epel-6"}));
    try {
        demand_verdicts(updates, "promote");
        FAIL("it was let through");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::policy);
        CHECK(error.what() ==
              std::string("cannot promote 'ready/b.yml': icehouse/epel-7 failed 'systest': 2 of 9 tests, see "
                          "http://jenkins.example.org/7"));
        REQUIRE(error.also().size() == 1);
        CHECK_THAT(error.also()[0], Catch::Contains("icehouse/epel-6"));
    }
}

}  // namespace repotool::publisher
