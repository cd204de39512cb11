// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace repotool::base {

TEST_CASE("each kind of error has the exit code of the contract", "[error]") {
    CHECK(exit_code(ErrorKind::internal) == 1);
    CHECK(exit_code(ErrorKind::usage) == 2);
    CHECK(exit_code(ErrorKind::input) == 3);
    CHECK(exit_code(ErrorKind::policy) == 4);
    CHECK(exit_code(ErrorKind::signing) == 5);
    CHECK(exit_code(ErrorKind::conflict) == 6);
    CHECK(exit_code(ErrorKind::storage) == 7);
    CHECK(exit_code(ErrorKind::network) == 8);
    CHECK(exit_code(ErrorKind::integrity) == 9);
}

TEST_CASE("a message names verb, object and reason, and cannot move the cursor", "[error]") {
    const Error error(ErrorKind::input, "publish", "a\nb\x1b[2J", "it is \xff broken");
    CHECK(std::string(error.what()) == "cannot publish 'a\\x0ab\\x1b[2J': it is \\xff broken");
}

TEST_CASE("printable text keeps UTF-8 and shows everything else", "[text]") {
    CHECK(printable("caf\xc3\xa9 \xe2\x82\xac") == "caf\xc3\xa9 \xe2\x82\xac");
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
    CHECK(printable(std::string_view("\0\x7f", 2)) == "\\x00\\x7f");
    CHECK_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));
}

TEST_CASE("the nearest word is offered only when it is near", "[text]") {
    CHECK(nearest("publsh", {"publish", "promote"}) == "publish");
    CHECK(nearest("xyzzy", {"publish", "promote"}).empty());
}

TEST_CASE("a shell reads back what was quoted", "[text]") {
    for (const std::string text : {"plain", "it's", "$(id) `id` \"x\" \\", "a\nb", ""}) {
        const auto result = run_process({"/bin/sh", "-c", "printf %s " + shell_quote(text)});
        CHECK(result.standard_output == text);
    }
}

TEST_CASE("digests equal those of coreutils", "[digest]") {
    const std::string bytes(100'000, 'x');
    Hasher hasher(
        {DigestAlgorithm::md5, DigestAlgorithm::sha1, DigestAlgorithm::sha256, DigestAlgorithm::sha512});
    hasher.update(std::string_view(bytes).substr(0, 777));
    hasher.update(std::string_view(bytes).substr(777));
    const auto oracle = [&](const char* program) {
        return run_process({program}, bytes).standard_output.substr(0, 128);
    };
    CHECK(oracle("md5sum").starts_with(hasher.hex(DigestAlgorithm::md5) + " "));
    CHECK(oracle("sha1sum").starts_with(hasher.hex(DigestAlgorithm::sha1) + " "));
    CHECK(oracle("sha256sum").starts_with(hasher.hex(DigestAlgorithm::sha256) + " "));
    CHECK(oracle("sha512sum") == hasher.hex(DigestAlgorithm::sha512));
}

TEST_CASE("dates have the form that Release files need, whatever the locale", "[time]") {
    CHECK(rfc1123(1'795'178'837) == "Fri, 20 Nov 2026 12:47:17 +0000");
    CHECK(iso8601(1'795'178'837) == "2026-11-20T12:47:17Z");
    CHECK(parse_iso8601("2026-11-20T12:47:17Z") == 1'795'178'837);
    CHECK_THROWS_AS(parse_iso8601("2026-11-20 12:47:17"), Error);
    CHECK(run_process({"date", "-u", "-R", "-d", "@1795178837"}).standard_output ==
          rfc1123(1'795'178'837) + "\n");
}

TEST_CASE("durations have units", "[time]") {
    CHECK(parse_duration("20d") == 20 * 86400);
    CHECK(parse_duration("48h") == 48 * 3600);
    CHECK(parse_duration("10m") == 600);
    CHECK(parse_duration("1500ms") == 2);
    CHECK(parse_duration("0") == 0);
    for (const char* text : {"", "x", "48", "10 minutes", "-1s", "1w", "99999999999999999999s"})
        CHECK_THROWS_AS(parse_duration(text), Error);
}

TEST_CASE("a program is fed, drained, timed out and named when it is missing", "[subprocess]") {
    const std::string large(1'000'000, 'z');
    CHECK(run_process({"cat"}, large).standard_output == large);
    CHECK(run_process({"sh", "-c", "echo oops >&2; exit 7"}).exit_code == 7);
    CHECK(run_process({"sh", "-c", "kill -TERM $$"}).exit_code == 128 + 15);
    CHECK(run_process({"sleep", "60"}, "", {}, 1).exit_code == 124);
    CHECK(run_process({"sh", "-c", "printf %s \"$REPOTOOL_X\""}, "", {"REPOTOOL_X=y"}).standard_output ==
          "y");
    CHECK_THROWS_AS(run_process({"no-such-program-at-all"}), SystemError);
}

}  // namespace repotool::base
