// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/version.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

// tests/clients/version_order.py compares 10,000 pairs with rpm itself; here is what rpm has no answer to.
namespace repotool::formats::rpm::testing {

TEST_CASE("versions are ordered, the epoch first") {
    const std::vector<std::string> oldest_first{"",           "1.0~rc1-1",      "1.0-1~beta",
                                                "1.0-1",      "1.0-1^20230101", "1.0-2",
                                                "1.0^git1-1", "1.0.1-1",        "1:0.1-1"};
    for (std::size_t i = 0; i < oldest_first.size(); ++i) {
        for (std::size_t j = 0; j < oldest_first.size(); ++j) {
            INFO(oldest_first[i] << " and " << oldest_first[j]);
            const int order = compare_versions(oldest_first[i], oldest_first[j]);
            CHECK((order < 0) == (i < j));
            CHECK((order > 0) == (i > j));
        }
    }
}

TEST_CASE("a text that is no version has its place too, the same from both sides") {
    const std::vector<std::string> texts{"",
                                         "-",
                                         ":",
                                         "::-",
                                         "1:",
                                         "-1",
                                         "~",
                                         "^",
                                         "1-",
                                         "ü",
                                         "\xff\xfe",
                                         "1 2",
                                         "\n",
                                         "99999999999999999999:1",
                                         "4294967296:1",
                                         "1-2-3",
                                         "%",
                                         std::string("1\0 2", 4),
                                         std::string(100000, '1')};
    for (const auto& one : texts) {
        CHECK(compare_versions(one, one) == 0);
        for (const auto& other : texts) CHECK(compare_versions(one, other) == -compare_versions(other, one));
    }
}

}  // namespace repotool::formats::rpm::testing
