// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/upload_control.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/deb/clear_signed.hpp"

using namespace repotool;
using namespace repotool::formats::deb;

namespace {

const std::string kMd5(32, 'a');
const std::string kSha1(40, 'b');
const std::string kSha256(64, 'c');

std::string changes_with(const std::string& files, const std::string& sha256, const std::string& more = {}) {
    return "Format: 1.8\nDate: Wed, 15 Nov 2023 00:00:00 +0000\nSource: hello (1.0-1)\nBinary: "
           "hello\nArchitecture: amd64\n"
           "Version: 1.0-1+b1\nDistribution: bookworm\n" +
           more +
           "Changes:\n hello (1.0-1+b1) bookworm; urgency=low\n .\n   * Made.\n"
           "Checksums-Sha1:\n " +
           kSha1 + " 10 hello_1.0-1+b1_amd64.deb\nChecksums-Sha256:\n" + sha256 + "Files:\n" + files;
}

std::string good_changes(const std::string& more = {}) {
    return changes_with(" " + kMd5 + " 10 misc optional hello_1.0-1+b1_amd64.deb\n",
                        " " + kSha256 + " 10 hello_1.0-1+b1_amd64.deb\n", more);
}

std::string refusal_of(const std::string& text) {
    try {
        read_upload_control(text, UploadKind::changes, "x.changes");
        return "accepted";
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        CHECK(error.object() == "x.changes");
        return error.reason();
    }
}

std::string clear_signed(const std::string& text) {
    return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + text +
           "\n-----BEGIN PGP SIGNATURE-----\n\niHUEAR\n=abcd\n-----END PGP SIGNATURE-----\n";
}

}  // namespace

TEST_CASE("a .changes says where its files go and what they are") {
    for (const std::string& text : {good_changes(), clear_signed(good_changes())}) {
        const UploadControl control =
            upload_control_from_json(to_json(read_upload_control(text, UploadKind::changes, "x.changes")));
        CHECK(control.source == "hello");
        CHECK(control.version == "1.0-1+b1");
        CHECK(control.distribution == "bookworm");
        REQUIRE(control.files.size() == 1);
        CHECK(control.files[0].name == "hello_1.0-1+b1_amd64.deb");
        CHECK(control.files[0].digests.size == 10);
        CHECK(control.files[0].digests.md5 == kMd5);
        CHECK(control.files[0].digests.sha1 == kSha1);
        CHECK(control.files[0].digests.sha256 == kSha256);
    }
}

TEST_CASE("a .changes that could be read in two ways is refused") {
    const std::string file = " 10 hello_1.0-1+b1_amd64.deb\n";
    const std::string files = " " + kMd5 + " 10 misc optional hello_1.0-1+b1_amd64.deb\n";
    CHECK(refusal_of(good_changes()) == "accepted");
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + file + " " + kSha256 + file)),
               Catch::Contains("twice"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 11 hello_1.0-1+b1_amd64.deb\n")),
               Catch::Contains("two sizes"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 10 other.deb\n")),
               Catch::Contains("is missing in"));
    CHECK_THAT(refusal_of(changes_with(files, "")), Catch::Contains("lists no files"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " -1 a.deb\n")),
               Catch::Contains("is not a size"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 99999999999999999999999 a.deb\n")),
               Catch::Contains("is not a size"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha1 + file)), Catch::Contains("is not a digest"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 10 ../a.deb\n")),
               Catch::Contains("not allowed as a file's name"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 10 .a.deb\n")),
               Catch::Contains("not allowed as a file's name"));
    CHECK_THAT(refusal_of(changes_with(files, " " + kSha256 + " 10 a b.deb\n")), Catch::Contains("words"));
    CHECK_THAT(refusal_of(good_changes("distribution: sid\n")), Catch::Contains("twice"));
    CHECK_THAT(refusal_of("Source: ab\n"), Catch::Contains("no field"));
    CHECK_THAT(refusal_of(std::string(9U << 20U, 'x')), Catch::Contains("larger than 8 MiB"));
}

TEST_CASE("the Distribution of a .changes is one name that can be part of a path") {
    std::string text = good_changes();
    for (const char* name : {"bookworm sid", "../sid", "a//b", ".hidden", "b\xfcster", ""}) {
        CAPTURE(name);
        std::string bad = text;
        CHECK_THAT(refusal_of(bad.replace(bad.find("Distribution: bookworm"), 22,
                                          std::string("Distribution: ") + name)),
                   Catch::Contains("not allowed as Distribution"));
    }
}

TEST_CASE("a cleartext signature has nothing before, after or beside its text") {
    const std::string good = clear_signed("A: b\n");
    CHECK(open_clear_signed(good) == "A: b\n\n");
    CHECK(open_clear_signed("A: b\n") == "A: b\n");
    CHECK(open_clear_signed(clear_signed("A: b  \t\n- -x\n")) == "A: b\n-x\n\n");
    CHECK(open_clear_signed(good + "\n\n") == "A: b\n\n");
    const std::string header = "-----BEGIN PGP SIGNED MESSAGE-----\n";
    for (const std::string& bad : {"A: c\n" + good, "\n" + good, good + "A: c\n", good + good, header,
                                   header + "Hash: SHA256\n\nA: b\n", header + "Comment: x\n\nA: b\n",
                                   header + " \n" + good.substr(header.size()), clear_signed("-A: b\n"),
                                   clear_signed(good), good.substr(0, good.size() - 30)}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(open_clear_signed(bad), base::Error);
    }
}
