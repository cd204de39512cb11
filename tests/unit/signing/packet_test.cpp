// SPDX-License-Identifier: GPL-3.0-or-later
// Packets and armor that are made here; gpg and OpenSSL's view of the same keys judge.
#include <catch2/catch.hpp>

#include "signing/agent_connection.hpp"
#include "signing/gpg_signer.hpp"
#include "signing/open_pgp_armor.hpp"
#include "signing/open_pgp_key.hpp"
#include "signing/open_pgp_signature.hpp"
#include "tests/unit/signing/support.hpp"

using namespace repotool::signing;
using namespace repotool::signing::test;

namespace {

Content content_of(const std::string& text) {
    return [text](const auto& take) {
        take(std::string_view(text).substr(0, text.size() / 2));
        take(std::string_view(text).substr(text.size() / 2));
    };
}

}  // namespace

TEST_CASE(
    "gpgv and sqv accept packets that are made here, of every algorithm, and refuse them for other bytes") {
    const std::string algorithm = GENERATE("ed25519", "rsa2048", "nistp256", "nistp384");
    Workspace workspace;
    const auto home = workspace.home("k");
    const auto fingerprint = gpg_key(home, algorithm, {"--pinentry-mode", "loopback"});
    const auto signer = open_gpg_signer({"k", fingerprint, home, {}});
    const auto keys = keyring(workspace, "k.gpg", signer->public_key());
    write(workspace / "text", "one\ntwo");
    // Numbers with a leading zero come one time in 256; more than one signature is made to see the ordinary
    // form.
    for (int round = 0; round < 8; ++round) {
        const auto packet = signer->sign_packet(content_of("one\ntwo"));
        write(workspace / "text.sig", packet.bytes);
        CHECK(run({"gpgv", "--keyring", keys, workspace / "text.sig", workspace / "text"}) == 0);
    }
    CHECK(run({"sqv", "--keyring", keys, workspace / "text.sig", workspace / "text"}) == 0);
    write(workspace / "text", "one\ntwp");
    CHECK(run({"gpgv", "--keyring", keys, workspace / "text.sig", workspace / "text"}) != 0);
}

TEST_CASE("a signature of another key than the configured one is refused where it is made") {
    Workspace workspace;
    const auto home = workspace.home("k");
    const std::string algorithm = GENERATE("ed25519", "rsa2048", "nistp256");
    const auto fingerprint = gpg_key(home, algorithm);
    const auto signer = open_gpg_signer({"k", fingerprint, home, {}});
    const SigningIdentity identity{signer->sign_packet(content_of("x")).algorithm, fingerprint};
    const VerifyingKey key(signer->public_key(), identity);
    const UnsignedSignature signature(identity, SignatureType::binary, 1, content_of("x"));
    const std::string number(algorithm == "rsa2048" ? 256 : 32, '\x01');
    const std::vector<std::string> numbers(numbers_in_signature(identity.algorithm), number);
    CHECK_FALSE(key.verifies(signature.digest(), numbers));
    CHECK_FALSE(key.verifies(signature.digest(), {}));
    CHECK_THROWS(VerifyingKey(signer->public_key(), {identity.algorithm, std::string(40, '0')}));
}

TEST_CASE("a locked key makes packets with its passphrase file, and no packet without it") {
    Workspace workspace;
    const auto home = workspace.home("k");
    const auto fingerprint = gpg_key(home, "ed25519", {}, "open sesame");
    write(workspace / "secret", "open sesame\n");
    const auto signer = open_gpg_signer({"k", fingerprint, home, workspace / "secret"});
    CHECK_FALSE(signer->sign_packet(content_of("x")).bytes.empty());
    run({"gpgconf", "--homedir", home, "--kill", "gpg-agent"});
    write(workspace / "secret", "wrong\n");
    const auto other = error_of([&] { open_gpg_signer({"k", fingerprint, home, workspace / "secret"}); });
    CHECK(other.kind() == repotool::base::ErrorKind::signing);
}

TEST_CASE("armor is what gpg reads and writes, and damage in it is noticed") {
    Workspace workspace;
    const auto home = workspace.home("k");
    const auto fingerprint = gpg_key(home, "ed25519");
    const auto armored = gpg(home, {"--armor", "--export", fingerprint});
    const auto bytes = gpg(home, {"--export", fingerprint});
    CHECK(unarmor(ArmorKind::public_key, armored) == bytes);
    write(workspace / "again.asc", armor(ArmorKind::public_key, bytes));
    CHECK(gpg(workspace.home("other"), {"--import", workspace / "again.asc"}).empty());
    CHECK_THROWS(unarmor(ArmorKind::signature, armored));
    CHECK_THROWS(unarmor(ArmorKind::public_key, flipped(armored, armored.size() / 2)));
    CHECK_THROWS(unarmor(ArmorKind::public_key, armored.substr(0, armored.size() / 2)));
}

TEST_CASE("the agent's answer is taken apart with bounds checks") {
    CHECK(numbers_of_signature("(7:sig-val(3:rsa(1:s3:abc)))") == std::vector<std::string>{"abc"});
    CHECK(numbers_of_signature("(7:sig-val(5:eddsa(1:r1:x)(1:s2:yz)))") ==
          std::vector<std::string>{"x", "yz"});
    for (const char* bad :
         {"", "(", "(7:sig-val", "(7:sig-val(3:rsa(1:s9:abc)))", "(7:sig-val(3:rsa(1:s3:abc))",
          "(3:foo(3:rsa(1:s3:abc)))", "(7:sig-val(3:rsa(1:s99999999999999999999:abc)))"})
        CHECK(numbers_of_signature(bad).empty());
}
