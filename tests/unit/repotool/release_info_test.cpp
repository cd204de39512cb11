// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "repotool/index/release_info.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {
namespace {

// A repository `stable` with these settings for it and its dist.
void configure(Config& config, const ReleaseConfig& release, const DistConfig& dist) {
    config.repositories = {{"stable", RepositoryConfig{}}};
    config.repositories[0].second.release = release;
    config.dists = {dist};
}

DistConfig bookworm() {
    DistConfig dist;
    dist.name = "bookworm";
    return dist;
}

}  // namespace

TEST_CASE("Release says what the configuration says", "[release]") {
    SmallRepository repository;
    ReleaseConfig release{
        "Example", "Product", true, true, {std::string(40, 'A')}, "https://example.org/@CHANGEPATH@", "no"};
    DistConfig dist = bookworm();
    dist.suite = "stable";
    dist.codename = "seven";
    dist.version = "7.0";
    dist.description = "Version seven";
    configure(repository.config, release, dist);
    repository.config.metadata.valid_until = 86400;
    repository.publish(kAmd64, 0, 1);
    const std::string text = repository.pointer("dists/bookworm/Release");
    for (const char* line :
         {"Origin: Example\n", "Label: Product\n", "Suite: stable\n", "Codename: seven\n", "Version: 7.0\n",
          "Description: Version seven\n", "NotAutomatic: yes\n", "ButAutomaticUpgrades: yes\n",
          "Signed-By: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
          "Changelogs: https://example.org/@CHANGEPATH@\n", "Snapshots: no\n",
          "Date: Thu, 01 Jan 1970 00:16:40 +0000\n", "Valid-Until: Fri, 02 Jan 1970 00:16:40 +0000\n"}) {
        CAPTURE(line);
        CHECK(text.find(line) != std::string::npos);
    }
}

TEST_CASE("a Release without settings has the site's names and no end", "[release]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 1);
    const std::string text = repository.pointer("dists/bookworm/Release");
    CHECK(text.starts_with("Origin: repotool\nLabel: repotool\nSuite: bookworm\nCodename: bookworm\nDate: "));
    CHECK(text.find("Valid-Until") == std::string::npos);
    CHECK(text.find("NotAutomatic") == std::string::npos);
}

TEST_CASE("a change that stops every client is told, and only such a change", "[release]") {
    SmallRepository repository;
    configure(repository.config, {}, bookworm());
    repository.publish({{kAmd64, repository.edits(kAmd64, 0, 1)}, {kX86, repository.edits(kX86, 0, 1)}});
    const auto changes = [&](const ReleaseConfig& release, const DistConfig& dist) {
        configure(repository.config, release, dist);
        return release_info_changes(repository.current(), repository.config, "stable");
    };
    CHECK(changes({}, bookworm()).empty());
    DistConfig harmless = bookworm();
    harmless.suite = "oldstable";
    harmless.version = "7.1";
    harmless.description = "more";
    CHECK(changes({}, harmless).empty());
    DistConfig renamed = bookworm();
    renamed.codename = "trixie";
    CHECK(changes({}, renamed) ==
          std::vector<std::string>{"bookworm: Codename changes from 'bookworm' to 'trixie'"});
    ReleaseConfig release;
    release.origin = "Other";
    release.label = "Another";
    release.not_automatic = true;
    release.but_automatic_upgrades = true;
    CHECK(changes(release, bookworm()) ==
          std::vector<std::string>{"bookworm: Origin changes from 'repotool' to 'Other'",
                                   "bookworm: Label changes from 'repotool' to 'Another'",
                                   "bookworm: NotAutomatic changes from 'no' to 'yes'",
                                   "bookworm: ButAutomaticUpgrades changes from 'no' to 'yes'"});
}

}  // namespace repotool::publisher
