// SPDX-License-Identifier: GPL-3.0-or-later
// Packages that are broken or that mean harm: each is refused with a reason, at no cost.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

using Catch::Contains;

// `package` with four bytes at `offset` set to `value`, big endian.
std::string with_number(std::string package, std::size_t offset, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) package.at(offset + i) = static_cast<char>(value >> (24 - 8 * i));
    return package;
}

std::string with_flipped_bit(std::string package, std::size_t offset) {
    package.at(offset) = static_cast<char>(package.at(offset) ^ 0x10);
    return package;
}

}  // namespace

TEST_CASE("what is no package at all is refused") {
    CHECK(refusal_of("") == "the file is empty");
    CHECK(refusal_of("just some text\n") == "not an RPM package");
    CHECK(refusal_of(std::string(10'000, '\0')) == "not an RPM package");
    CHECK(refusal_of("!<arch>\ndebian-binary") == "not an RPM package");
}

TEST_CASE("a package that was cut off anywhere is refused") {
    const std::string& package = hello_package();
    for (std::size_t size = 0; size < package.size(); ++size) {
        INFO("cut off after " << size << " of " << package.size() << " bytes");
        REQUIRE_FALSE(refusal_of(package.substr(0, size)).empty());
    }
}

TEST_CASE("a package that goes on after its end is refused") {
    CHECK_THAT(refusal_of(hello_package() + "x"), Contains("bytes follow its end"));
}

TEST_CASE("a flipped bit in header or payload is refused wherever it is") {
    const std::string& package = hello_package();
    for (std::size_t offset = ranges_of(package).header; offset < package.size(); ++offset) {
        INFO("flipped at " << offset);
        REQUIRE_FALSE(refusal_of(with_flipped_bit(package, offset)).empty());
    }
}

TEST_CASE("a flipped bit in lead or signature never does worse than being refused") {
    const std::string& package = hello_package();
    for (std::size_t offset = 0; offset < ranges_of(package).header; ++offset) {
        CHECK_NOTHROW(refusal_of(with_flipped_bit(package, offset)));
    }
}

TEST_CASE("a header with any bit flipped and correct digests is refused or gives indexes that can be read") {
    const std::string& package = hello_package();
    const auto [header, payload] = ranges_of(package);
    std::size_t accepted = 0;
    for (std::size_t offset = header; offset < payload; ++offset) {
        const auto odd = with_odd_header(package, offset);
        if (!refusal_of(odd).empty()) continue;
        ++accepted;
        const auto read = read_bytes(odd);
        INFO("flipped at " << offset);
        REQUIRE(read_entries("filelists", read.index.at("filelists").before).size() == 1);
        REQUIRE(read_entries("other", read.index.at("other").before).size() == 1);
        const auto& primary = read.index.at("primary");
        REQUIRE(read_entries("primary", primary.before + primary.after).size() == 1);
    }
    CHECK(accepted > 100);
}

TEST_CASE("a package without payload digest is checked with its MD5, one without any digest is accepted") {
    constexpr std::uint32_t kPayloadDigest = 5092, kSize = 1000, kMd5 = 1004, kSha1 = 269, kSha256 = 273;
    const auto last_flipped = [](const std::string& package) {
        return with_flipped_bit(package, package.size() - 1);
    };
    const auto before_payload_digests = without_tag(hello_package(), kPayloadDigest);
    CHECK(refusal_of(before_payload_digests).empty());
    CHECK_THAT(refusal_of(last_flipped(before_payload_digests)), Contains("MD5"));

    auto ancient = before_payload_digests;
    for (const auto tag : {kSize, kMd5, kSha1, kSha256}) ancient = without_signature_tag(ancient, tag);
    CHECK(refusal_of(ancient).empty());
    // rpm 6 writes neither size nor MD5.
    const auto modern = without_signature_tag(without_signature_tag(hello_package(), kSize), kMd5);
    CHECK(refusal_of(modern).empty());
    CHECK_THAT(refusal_of(last_flipped(modern)), Contains("digest of its payload"));
    CHECK_THAT(refusal_of(modern.substr(0, modern.size() - 1)), Contains("digest of its payload"));
}

TEST_CASE("headers whose lengths lie are refused before anything is allocated") {
    const std::string& package = hello_package();
    constexpr std::size_t kSignature = 96, kEntries = 8, kData = 12;
    const std::size_t header = ranges_of(package).header;
    for (const std::size_t start : {kSignature, header}) {
        CHECK_THAT(refusal_of(with_number(package, start + kData, 0x0fffffff)), Contains("out of bounds"));
        CHECK_THAT(refusal_of(with_number(package, start + kEntries, 0xffffffff)), Contains("out of bounds"));
        CHECK_THAT(refusal_of(with_number(package, start + kEntries, 0)), Contains("out of bounds"));
        CHECK_THAT(refusal_of(with_number(package, start + kData, 0x03ffffff)), Contains("truncated in its"));
        CHECK_THAT(refusal_of(with_number(package, start, 0)), Contains("no header magic"));
    }
}

TEST_CASE("forging keeps a package readable, so that the tests below prove what they say") {
    CHECK(refusal_of(forge(hello_package(), std::string("C\0hello", 7), std::string("C\0jello", 7))).empty());
    CHECK(read_bytes(forge(hello_package(), "hello-1.0-1.src.rpm", "jelly-2.1-3.src.rpm")).source == "jelly");
}

TEST_CASE("names that could become other paths are refused") {
    for (const std::string name :
         {"../lo", "a/llo", ".ello", "-ello", "he lo", "he\nlo", "he\x01lo", "h\xc3\xa9lo"}) {
        const auto reason =
            refusal_of(forge(hello_package(), std::string("C\0hello", 7), std::string("C\0", 2) + name));
        CHECK_THAT(reason, Contains("its name") && Contains("is not allowed"));
        CHECK(reason.find('\n') == std::string::npos);
    }
}

TEST_CASE("versions, releases, architectures and source packages that could become other paths are refused") {
    const auto refusal = [](std::string_view from, std::string_view to) {
        return refusal_of(forge(hello_package(), from, to));
    };
    for (const std::string version : {"1/0", "1-0", "1:0", "1 0", "1\n0"}) {
        const std::string from(
            "hello\0"
            "1.0\0",
            10);
        CHECK_THAT(refusal(from, std::string("hello\0", 6) + version + '\0'), Contains("its version"));
    }
    CHECK_THAT(refusal(std::string("1.0\0"
                                   "1\0",
                                   6),
                       std::string("1.0\0/\0", 6)),
               Contains("its release"));
    CHECK_THAT(refusal(std::string("noarch\0", 7), std::string("no/rch\0", 7)), Contains("its architecture"));
    CHECK_THAT(refusal("hello-1.0-1.src.rpm", "../lo-1.0-1.src.rpm"), Contains("its source package"));
    CHECK_THAT(refusal("hello-1.0-1.src.rpm", "hel/o-1.0-1.src.rpm"), Contains("its source package"));
}

TEST_CASE("a source package of a strange form is as good as none") {
    const auto package = read_bytes(forge(hello_package(), "hello-1.0-1.src.rpm", "strange source text"));
    CHECK(package.source == "hello");
    CHECK(package.source_version == "1.0-1");
}

TEST_CASE("control characters in file names and dependencies are refused") {
    CHECK_THAT(refusal_of(forge(hello_package(), "greeting", "greet\x01ng")),
               Contains("control character in the path"));
    CHECK_THAT(refusal_of(forge(hello_package(), "world",
                                "wor\x1f"
                                "d")),
               Contains("control character in the dependency"));
}

TEST_CASE("a directory index that points nowhere is refused") {
    constexpr std::uint32_t kDirectoryIndexes = 1116;
    CHECK_FALSE(refusal_of(forge_number(hello_package(), kDirectoryIndexes, 0, 7)).empty());
    CHECK_FALSE(refusal_of(forge_number(hello_package(), kDirectoryIndexes, 0, 0xffffffff)).empty());
}

}  // namespace repotool::formats::rpm::testing
