// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "repotool/ingest/placement.hpp"

namespace repotool::publisher {
namespace {

Candidate an_rpm(const std::string& name, const std::string& version_release,
                 const std::string& architecture = "x86_64") {
    Candidate candidate;
    candidate.format = formats::Format::rpm;
    candidate.record = {
        name, version_release, architecture, "", std::string(64, 'a'), 1, "", std::string(64, 'a'),
        name, version_release};
    candidate.file_name = name + "-" + version_release + "." + architecture + ".rpm";
    candidate.origin = candidate.file_name;
    return candidate;
}

Candidate a_deb(const std::string& source) {
    Candidate candidate;
    candidate.record = {"hello", "1:1.0-1", "amd64", "", std::string(64, 'b'), 1, "", std::string(64, 'b'),
                        source,  "1:1.0-1"};
    candidate.file_name = "hello_1.0-1_amd64.deb";
    candidate.origin = candidate.file_name;
    return candidate;
}

const char* const kTwoDists =
    "dists:\n  - {name: el8, format: rpm, match: [\"*.el8\", \"*.el8_*\"]}\n  - {name: el9, format: rpm, "
    "match: [\"*.el9\"]}\n"
    "  - {name: bookworm, format: deb, components: [main, contrib]}\n";

}  // namespace

TEST_CASE("a package goes to the dist whose pattern fits", "[placement]") {
    const Config config = parse_config(kTwoDists, "repotool.yaml");
    Candidate el8 = an_rpm("hello", "1.0-1.el8");
    place(el8, config, {});
    CHECK(el8.dist == "el8");
    Candidate minor = an_rpm("hello", "1.0-1.el8_4");
    place(minor, config, {});
    CHECK(minor.dist == "el8");
    Candidate el9 = an_rpm("hello", "1.0-1.el9", "noarch");
    place(el9, config, {});
    CHECK(el9.dist == "el9");
}

TEST_CASE("where no dist or two fit, both are named and nothing is guessed", "[placement]") {
    const Config config = parse_config(kTwoDists, "repotool.yaml");
    Candidate neither = an_rpm("hello", "1.0-1");
    try {
        place(neither, config, {});
        FAIL("it was placed");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::usage);
        CHECK(std::string(error.what()).find("el8, el9") != std::string::npos);
    }
    place(neither, config, {"el9", ""});
    CHECK(neither.dist == "el9");
}

TEST_CASE("--dist of one format leaves packages of the other where they belong", "[placement]") {
    const Config config = parse_config(kTwoDists, "repotool.yaml");
    Candidate deb = a_deb("hello");
    place(deb, config, {"el9", ""});
    CHECK(deb.dist == "bookworm");
    CHECK_THROWS_AS(place(deb, config, {"trixie", ""}), base::Error);
}

TEST_CASE("the first component is the default and an unknown one is refused", "[placement]") {
    const Config config = parse_config(kTwoDists, "repotool.yaml");
    Candidate deb = a_deb("hello");
    place(deb, config, {});
    CHECK(deb.component == "main");
    place(deb, config, {"", "contrib"});
    CHECK(deb.component == "contrib");
    CHECK_THROWS_AS(place(deb, config, {"", "non-free"}), base::Error);
}

TEST_CASE("pool paths follow the archive's custom, and other bytes get another path where that is wanted",
          "[placement]") {
    const Config config = parse_config(kTwoDists, "repotool.yaml");
    Candidate deb = a_deb("hello");
    place(deb, config, {});
    CHECK(pool_path(deb, PathStyle::plain) == "bookworm/main/h/hello/hello_1.0-1_amd64.deb");
    CHECK(pool_path(deb, PathStyle::with_digest) ==
          "bookworm/main/h/hello/bbbbbbbbbbbb/hello_1.0-1_amd64.deb");
    Candidate library = a_deb("libfoo");
    place(library, config, {});
    CHECK(pool_path(library, PathStyle::plain) == "bookworm/main/libf/libfoo/hello_1.0-1_amd64.deb");
    Candidate rpm = an_rpm("Hello", "1.0-1.el9");
    place(rpm, config, {});
    CHECK(pool_path(rpm, PathStyle::plain) == "rpm/el9/Packages/h/Hello-1.0-1.el9.x86_64.rpm");
}

}  // namespace repotool::publisher
