// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/store/names.hpp"

namespace repotool::store {

TEST_CASE("good repository names pass", "[names]") {
    for (const char* name : {"stable", "7.0/updates", "test/change-1234", "7.0", "a", "test/c.d_e+f-g"}) {
        INFO(name);
        CHECK(is_repository_name(name));
    }
}

TEST_CASE("names that could leave their place or hide there are refused", "[names]") {
    for (const char* name :
         {"",        "/",    "a/",          "/a",    "a//b",   "..",        "a/..",     "../a",
          ".hidden", "a/.b", "-a",          "a b",   "a\nb",   "A",         "stable@1", "gen",
          "gen/x",   "pool", "meta/x",      "keys",  "status", "project/x", "lock",     "a/42",
          "x.lock",  "a\\b", "caf\xc3\xa9", "$(id)", "a;b"}) {
        INFO(name);
        CHECK_FALSE(is_repository_name(name));
        CHECK_THROWS_AS(check_repository_name(name), base::Error);
    }
    CHECK_FALSE(is_repository_name(std::string(64, 'a')));
    CHECK_FALSE(is_repository_name("a/" + std::string(200, 'b')));
}

TEST_CASE("a refused name is a usage error that quotes it", "[names]") {
    try {
        check_repository_name("../etc");
        FAIL("it passed");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::usage);
        CHECK(std::string(error.what()).find("../etc") != std::string::npos);
    }
}

TEST_CASE("a reference is a repository and perhaps a generation", "[names]") {
    CHECK(parse_reference("stable").generation == 0);
    CHECK(parse_reference("test/change-1@42").repository == "test/change-1");
    CHECK(parse_reference("test/change-1@42").generation == 42);
    CHECK(parse_reference("stable@7.0-GA").tag == "7.0-GA");
    CHECK(parse_reference("stable@7").tag.empty());
    for (const char* text : {"stable@", "stable@0", "stable@x/y", "stable@.x", "stable@1@2", "stable@-1",
                             "stable@01", "stable@99999999999999999999"}) {
        INFO(text);
        CHECK_THROWS_AS(parse_reference(text), base::Error);
    }
}

TEST_CASE("dist, component and architecture names stay one word", "[names]") {
    CHECK(is_dist_name("bookworm"));
    CHECK(is_dist_name("icehouse/epel-7"));
    CHECK_FALSE(is_dist_name("rpm"));
    CHECK_FALSE(is_dist_name("a/../b"));
    CHECK(is_component_name("main"));
    CHECK_FALSE(is_component_name("Main"));
    CHECK_FALSE(is_component_name("a/b"));
    CHECK(is_architecture_name("x86_64"));
    CHECK_FALSE(is_architecture_name("x86/64"));
}

}  // namespace repotool::store
