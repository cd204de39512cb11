// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/grammar.hpp"

#include <catch2/catch.hpp>

#include "core/base/subprocess.hpp"

using namespace repotool;
using namespace repotool::formats::deb;

TEST_CASE("a version is one that dpkg validates without a warning") {
    std::vector<std::string> versions{"1.0",
                                      "1:1.0-1",
                                      "0:0",
                                      "2147483647:1",
                                      "2147483648:1",
                                      "1:2:3-4",
                                      "1:2-3:4",
                                      "1~~a",
                                      "1.0-1-2",
                                      "1+b1",
                                      "1.0~rc1-0ubuntu1~22.04.1",
                                      "1\xc3\xa4",
                                      "1/2",
                                      "1$"};
    // All texts of up to four of these, the empty one aside.
    const std::string alphabet = "1a:-~";
    for (std::size_t begin = 0, end = 1, length = 1; length <= 3; ++length) {
        if (length == 1) {
            begin = versions.size();
            for (const char c : alphabet) versions.emplace_back(1, c);
        } else {
            for (std::size_t i = begin; i < end; ++i) {
                for (const char c : alphabet) versions.push_back(versions[i] + c);
            }
            begin = end;
        }
        end = versions.size();
    }
    for (const std::string& version : versions) {
        CAPTURE(version);
        const base::ProcessResult result = base::run_process({"dpkg", "--validate-version", "--", version});
        CHECK(is_version(version) == (result.exit_code == 0));
    }
    CHECK_FALSE(is_version(""));
    CHECK_FALSE(is_version(" 1"));
    CHECK_FALSE(is_version(std::string_view("1\0", 2)));
}

TEST_CASE("names and architectures are those of the policy") {
    for (const char* name : {"hello", "g++-12", "libstdc++6", "0ad", "libfoo1.2", "a+"})
        CHECK(is_package_name(name));
    for (const char* name : {"", "a", "Hello", "+a", ".a", "-a", "a_b", "a/b", "a b", "a:b"}) {
        CHECK_FALSE(is_package_name(name));
    }
    for (const char* name : {"all", "amd64", "kfreebsd-i386", "x32", "musl-linux-arm64"})
        CHECK(is_architecture(name));
    for (const char* name : {"", "any", "source", "Amd64", "-amd64", "amd_64", "a/b"})
        CHECK_FALSE(is_architecture(name));
}

TEST_CASE("an epoch is not part of a file name") {
    CHECK(without_epoch("1:2.0-1") == "2.0-1");
    CHECK(without_epoch("2.0-1") == "2.0-1");
    CHECK(without_epoch("1:2:3") == "2:3");
}

TEST_CASE("a Source field is a name, and a version where it differs") {
    CHECK(parse_source("hello")->name == "hello");
    CHECK(parse_source("hello")->version.empty());
    CHECK(parse_source("hello (1:2-3)")->version == "1:2-3");
    CHECK(parse_source("hello  ( 1 )")->version == "1");
    CHECK_FALSE(parse_source(""));
    CHECK_FALSE(parse_source("hello (1) x"));
}
