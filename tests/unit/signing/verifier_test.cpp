// SPDX-License-Identifier: GPL-3.0-or-later
// Signatures made by gpg itself, good and bad, and what the Verifier says of them.
#include "signing/verifier.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/unit/signing/support.hpp"

using namespace repotool;
using namespace repotool::signing;
using namespace repotool::signing::test;

namespace {

const std::string kText = "Origin: Acme\nSuite: stable\nSHA256:\n 0123 12 main/Packages\n- dash\n";

std::string sign(const Workspace& workspace, const std::filesystem::path& home,
                 std::vector<std::string> options) {
    write(workspace / "text", kText);
    for (const std::string& word : {std::string("--output"), std::string("-")}) options.push_back(word);
    return options.push_back((workspace / "text").string()), gpg(home, options);
}
std::string exported(const std::filesystem::path& home) {
    return gpg(home, {"--armor", "--export"});
}
// Why a Verifier that knows the keys of `home` refuses this signature of kText.
std::string refusal(const std::filesystem::path& home, const std::string& signature) {
    Verifier verifier({exported(home)});
    const auto verdict = verifier.check_detached(kText, signature);
    CHECK_FALSE(verdict.good);
    CHECK(verdict.fingerprint.empty());
    return verdict.reason;
}

}  // namespace

TEST_CASE("good signatures of gpg are accepted and name the primary key") {
    Workspace workspace;
    const auto home = workspace.home("h");
    const auto fingerprint = gpg_key(home, GENERATE("ed25519", "rsa2048"));
    Verifier verifier({exported(home)});
    for (const char* form : {"--armor", "--no-armor"}) {
        const auto signature = sign(workspace, home, {form, "--detach-sign"});
        const auto verdict = verifier.check_detached(kText, signature);
        CHECK(verdict.good);
        CHECK(verdict.fingerprint == fingerprint);
        const auto changed = verifier.check_detached(flipped(kText, 3), signature);
        CHECK_FALSE(changed.good);
        CHECK(changed.reason == "the signature does not match the content");
    }
    std::string text;
    const auto message = sign(workspace, home, {"--clear-sign"});
    const auto verdict = verifier.check_clear_signed(message, text);
    CHECK(verdict.good);
    CHECK(verdict.fingerprint == fingerprint);
    CHECK(text == kText);
}

TEST_CASE("a cleartext-signed message with one byte changed or anything around it is refused") {
    Workspace workspace;
    const auto home = workspace.home("h");
    gpg_key(home, "ed25519");
    Verifier verifier({exported(home)});
    const auto message = sign(workspace, home, {"--clear-sign"});
    const auto refused = [&](const std::string& bytes) {
        std::string text = "left over";
        const auto verdict = verifier.check_clear_signed(bytes, text);
        CHECK_FALSE(verdict.good);
        CHECK(text.empty());
        CHECK(verdict.fingerprint.empty());
        return verdict.reason;
    };
    CHECK(refused(flipped(message, message.find("Acme"))) == "the signature does not match the content");
    CHECK(refused("evil\n" + message) == "the file does not begin with a cleartext-signed message");
    CHECK(refused("\n" + message) == "the file does not begin with a cleartext-signed message");
    CHECK(refused(message + "evil\n") == "something follows the signed message");
    CHECK(refused(message + message) == "something follows the signed message");
    CHECK(refused(message + "\n") == "something follows the signed message");
    CHECK(refused(message.substr(0, message.size() / 2)) == "the signed message is not complete");
    CHECK(refused("") == "the file does not begin with a cleartext-signed message");
    CHECK(refused(kText) == "the file does not begin with a cleartext-signed message");
    auto with_header = message;
    with_header.insert(message.find("Hash:"), "Evil: yes\n");
    CHECK(refused(with_header) == "the signed message has a header other than Hash");
    auto with_zero = message;
    with_zero.insert(message.find("Acme"), 1, '\0');
    CHECK(refused(with_zero) == "the signed message holds zero bytes");
}

TEST_CASE("blanks that a cleartext signature does not cover are not part of the signed text") {
    Workspace workspace;
    const auto home = workspace.home("h");
    gpg_key(home, "ed25519");
    Verifier verifier({exported(home)});
    auto message = sign(workspace, home, {"--clear-sign"});
    message.insert(message.find("Acme") + 4, " \t");
    std::string text;
    CHECK(verifier.check_clear_signed(message, text).good);
    CHECK(text == kText);
}

TEST_CASE("signatures that clients should no longer trust are refused with the reason") {
    Workspace workspace;
    const auto home = workspace.home("h");
    SECTION("expired key") {
        const std::vector<std::string> then = {"--faked-system-time", "20200101T000000!"};
        gpg_key(home, "ed25519", then, {}, "1d");
        CHECK(refusal(home, sign(workspace, home, {then[0], then[1], "--detach-sign"})) ==
              "the key is expired");
    }
    SECTION("expired signature") {
        gpg_key(home, "ed25519", {"--faked-system-time", "20200101T000000!"});
        CHECK(refusal(home, sign(workspace, home,
                                 {"--faked-system-time", "20200101T000000!", "--default-sig-expire", "1d",
                                  "--detach-sign"})) == "the signature is expired");
    }
    SECTION("revoked key") {
        const auto fingerprint = gpg_key(home, "ed25519");
        const auto signature = sign(workspace, home, {"--detach-sign"});
        auto certificate = read(home / "openpgp-revocs.d" / (fingerprint + ".rev"));
        certificate.erase(certificate.find(":-----BEGIN"), 1);
        write(workspace / "rev", certificate);
        gpg(home, {"--import", (workspace / "rev").string()});
        CHECK(refusal(home, signature) == "the key is revoked");
    }
    SECTION("weak digests") {
        gpg_key(home, "rsa2048");
        for (const std::string digest : {"SHA1", "RIPEMD160"})
            CHECK(refusal(home, sign(workspace, home, {"--digest-algo", digest, "--detach-sign"})) ==
                  "the digest " + digest + " is too weak, SHA-256 is the least");
        CHECK(refusal(home, sign(workspace, home,
                                 {"--digest-algo", "MD5", "--allow-weak-digest-algos", "--detach-sign"})) ==
              "the signature's digest is too weak");
    }
    SECTION("RSA below 2048 bits") {
        gpg_key(home, "rsa1024");
        CHECK(refusal(home, sign(workspace, home, {"--digest-algo", "SHA256", "--detach-sign"})) ==
              "RSA with 1024 bits is too weak, 2048 is the least");
    }
    SECTION("DSA") {
        gpg_key(home, "dsa2048");
        CHECK(refusal(home, sign(workspace, home, {"--detach-sign"})) ==
              "DSA keys are refused, clients no longer accept them");
    }
}

TEST_CASE("what is no signature of a known key is refused with the reason") {
    Workspace workspace;
    const auto home = workspace.home("h");
    SECTION("unknown key") {
        const auto other = workspace.home("o");
        const auto fingerprint = gpg_key(other, "ed25519");
        gpg_key(home, "ed25519");
        CHECK(refusal(home, sign(workspace, other, {"--detach-sign"})) ==
              "signed by unknown key " + fingerprint);
    }
    SECTION("no signature") {
        gpg_key(home, "ed25519");
        CHECK(refusal(home, "") == "there is no signature");
        CHECK(refusal(home, "rubbish") == "there is no signature");
        CHECK_FALSE(refusal(home, exported(home)).empty());
        CHECK_FALSE(refusal(home, sign(workspace, home, {"--clear-sign"})).empty());
        CHECK_FALSE(refusal(home, sign(workspace, home, {"--sign"})).empty());
    }
}

TEST_CASE("of two signatures one good one is enough, but a wrong one spoils it") {
    Workspace workspace;
    const auto home = workspace.home("h");
    const auto first = gpg_key(home, "ed25519");
    const auto second = gpg_key(home, "rsa2048");
    const auto both = sign(workspace, home, {"-u", first, "-u", second, "--detach-sign"});
    const auto key_of = [&](const std::string& fingerprint) { return gpg(home, {"--export", fingerprint}); };
    Verifier knows_second({key_of(second)});
    const auto verdict = knows_second.check_detached(kText, both);
    CHECK(verdict.good);
    CHECK(verdict.fingerprint == second);

    write(workspace / "other", "other text");
    const auto wrong =
        gpg(home, {"-u", first, "--detach-sign", "--output", "-", (workspace / "other").string()});
    const auto right = sign(workspace, home, {"-u", second, "--detach-sign"});
    Verifier knows_both({key_of(first), key_of(second)});
    CHECK(knows_both.check_detached(kText, right).good);
    CHECK_FALSE(knows_both.check_detached(kText, right + wrong).good);
    CHECK_FALSE(knows_both.check_detached(kText, wrong + right).good);
}

TEST_CASE("a verifier leaves nothing behind and refuses what is no key") {
    Workspace workspace;
    const auto home = workspace.home("h");
    gpg_key(home, "ed25519");
    const auto key = exported(home);
    std::filesystem::create_directory(workspace / "t");
    const auto before = std::getenv("TMPDIR");
    const std::string old = before == nullptr ? "" : before;
    ::setenv("TMPDIR", (workspace / "t").c_str(), 1);
    CHECK(error_of([] { Verifier({"rubbish"}); }).kind() == base::ErrorKind::signing);
    { Verifier empty({}); }
    for (int count = 0; count < 20; ++count)
        CHECK_FALSE(Verifier({key}).check_detached("text", "rubbish").good);
    CHECK(std::filesystem::is_empty(workspace / "t"));
    old.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", old.c_str(), 1);
}
