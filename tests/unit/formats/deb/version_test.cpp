// SPDX-License-Identifier: GPL-3.0-or-later
// The judge is dpkg; tests/clients/version_order.py asks it about 10,000 pairs.
#include "core/formats/deb/version.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "deb_builder.hpp"

using repotool::formats::deb::compare_versions;
using repotool::formats::deb::testing::output_of;

namespace {

int sign(int number) {
    return (number > 0) - (number < 0);
}

int dpkg_order(const std::string& left, const std::string& right) {
    const std::string program =
        "dpkg --compare-versions \"$0\" lt \"$1\" && echo -1 && exit; "
        "dpkg --compare-versions \"$0\" eq \"$1\" && echo 0 && exit; echo 1";
    return std::stoi(output_of({"sh", "-c", program, left, right}));
}

}  // namespace

TEST_CASE("versions are ordered as dpkg orders them") {
    const std::vector<std::string> versions{
        "1.0",   "0:1.0-0", "1.00",   "1.0~rc1", "1.0~~",  "1.0-1",   "1.0-1+b1",
        "1:0.5", "01:0.5",  "1.0a",   "1.0+",    "1.0.",   "1.0-1~",  "1.0-1-1",
        "1.10",  "1.9",     "1.0a10", "1.0a9",   "1.0-01", "1.0-0.0", "18446744073709551616.0",
        "1.0A",  "1.0-a"};
    for (const auto& left : versions) {
        for (const auto& right : {versions[0], versions[3], versions[5], versions[7], versions[16]}) {
            CAPTURE(left, right);
            CHECK(sign(compare_versions(left, right)) == dpkg_order(left, right));
            CHECK(sign(compare_versions(right, left)) == -sign(compare_versions(left, right)));
        }
    }
}

TEST_CASE("text that is no version has its place, too") {
    using namespace std::string_literals;
    const std::vector<std::string> texts{
        "", "-", ":", "a:1", "~", "1-", "\xff\xfe", "1\0"s, std::string(5000, '9')};
    for (const auto& left : texts) {
        CHECK(compare_versions(left, left) == 0);
        for (const auto& right : texts) {
            CAPTURE(left, right);
            CHECK(sign(compare_versions(left, right)) == -sign(compare_versions(right, left)));
        }
    }
}
