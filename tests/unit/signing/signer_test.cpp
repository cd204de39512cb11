// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "core/base/text.hpp"
#include "signing/signer.hpp"
#include "signing/verifier.hpp"
#include "tests/unit/signing/support.hpp"

using namespace repotool;
using namespace repotool::signing;
using namespace repotool::signing::test;

namespace {

const std::string kRelease =
    "Origin: Acme\nSuite: stable\nDate: Fri, 20 Nov 2026 12:50:00 +0000\nSHA256:\n"
    " 0123456789abcdef 12 main/binary-amd64/Packages\n";

double seconds_of(const std::function<void()>& action) {
    const auto start = std::chrono::steady_clock::now();
    action();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Exit codes of two programs that share no code.
struct Oracles {
    int gpgv;
    int sqv;
};
Oracles judge_detached(const Workspace& workspace, const std::filesystem::path& key, const std::string& bytes,
                       const std::string& signature) {
    write(workspace / "d", bytes);
    write(workspace / "d.asc", signature);
    const std::string ring = key.string();
    const std::string data = (workspace / "d").string();
    return {run({"gpgv", "--keyring", ring, data + ".asc", data}),
            run({"sqv", "--keyring", ring, data + ".asc", data})};
}

// A socket that takes connections and never says a word, as an agent does that waits for a broken card.
class SilentAgent {
public:
    explicit SilentAgent(const std::string& path)
        : path_(path), descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ::unlink(path.c_str());
        REQUIRE(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(descriptor_, 5) == 0);
    }
    ~SilentAgent() {
        ::close(descriptor_);  // gpg sees the end of its connection and goes, too
        ::unlink(path_.c_str());
    }
    SilentAgent(const SilentAgent&) = delete;
    SilentAgent& operator=(const SilentAgent&) = delete;

private:
    std::string path_;
    int descriptor_;
};

// Without the home, which every such message names.
std::string reason_in(const std::filesystem::path& home, const base::Error& error) {
    const std::string end = " (home " + home.string() + ")";
    REQUIRE(error.reason().ends_with(end));
    return error.reason().substr(0, error.reason().size() - end.size());
}

// Why this key of `home` cannot sign.
std::string refusal(const std::filesystem::path& home, const std::string& fingerprint) {
    const auto error = error_of([&] { open_gpg_signer({"stable-key", fingerprint, home, {}}); });
    CHECK(error.kind() == base::ErrorKind::signing);
    CHECK(std::string(error.what()).starts_with("cannot sign with key 'stable-key': "));
    CHECK_FALSE(error.hint().empty());
    return reason_in(home, error);
}

}  // namespace

TEST_CASE("gpgv and sqv accept what a generated key signs and refuse it after one flipped byte") {
    const auto algorithm = GENERATE(KeyAlgorithm::ed25519, KeyAlgorithm::rsa4096);
    Workspace workspace;
    const auto home = workspace / "h";
    const auto fingerprint = generate_key(home, "Acme <acme@example.org>", algorithm);
    const auto signer = open_gpg_signer({"stable-key", fingerprint, home, {}});
    const auto key = keyring(workspace, "k", signer->public_key());

    const auto detached = signer->detach_sign(kRelease);
    CHECK(detached.starts_with("-----BEGIN PGP SIGNATURE-----\n"));
    const auto good = judge_detached(workspace, key, kRelease, detached);
    CHECK(good.gpgv == 0);
    CHECK(good.sqv == 0);
    const auto bad = judge_detached(workspace, key, flipped(kRelease, 20), detached);
    CHECK(bad.gpgv != 0);
    CHECK(bad.sqv != 0);

    const auto in_release = signer->clear_sign(kRelease);
    write(workspace / "InRelease", in_release);
    CHECK(output_of({"gpgv", "--keyring", key.string(), "--output", "-",
                     (workspace / "InRelease").string()}) == kRelease);
    write(workspace / "InRelease", flipped(in_release, in_release.find("stable")));
    CHECK(run({"gpgv", "--keyring", key.string(), (workspace / "InRelease").string()}) != 0);
}

TEST_CASE("a generated home is private and its key needs no passphrase") {
    Workspace workspace;
    const auto home = workspace / "h";
    const auto fingerprint = generate_key(home, "Acme <acme@example.org>", KeyAlgorithm::ed25519);
    CHECK(std::filesystem::status(home).permissions() == std::filesystem::perms::owner_all);
    CHECK(fingerprint.size() == 40);
    CHECK(fingerprints(home) == std::vector<std::string>{fingerprint});
    const auto keys = list_keys(home);
    REQUIRE(keys.size() == 1);
    CHECK(keys.front().fingerprint == fingerprint);
    CHECK(keys.front().user_id == "Acme <acme@example.org>");
    CHECK(keys.front().algorithm == "ed25519");
    CHECK(keys.front().expires.empty());
    CHECK(keys.front().usable);
    CHECK(keys.front().problem.empty());
}

TEST_CASE("a signing subkey is used exactly when its fingerprint is given") {
    Workspace workspace;
    const auto home = workspace.home("h");
    const auto primary = gpg_key(home, "ed25519");
    for (int count = 0; count < 2; ++count)
        gpg(home, {"--passphrase", "", "--pinentry-mode", "loopback", "--quick-add-key", primary, "ed25519",
                   "sign"});
    for (const auto& wanted : fingerprints(home)) {
        if (wanted == primary) continue;
        const auto signature = open_gpg_signer({"k", wanted, home, {}})->detach_sign(kRelease);
        write(workspace / "d", kRelease);
        write(workspace / "d.asc", signature);
        const auto status = output_of({"gpg", "--homedir", home.string(), "--status-fd", "1", "--verify",
                                       (workspace / "d.asc").string(), (workspace / "d").string()});
        CHECK(status.find("VALIDSIG " + wanted) != std::string::npos);
    }
}

TEST_CASE("a key that clients would not trust is refused as a signing error before anything is signed") {
    Workspace workspace;
    const auto home = workspace.home("h");
    SECTION("expired") {
        const auto fingerprint =
            gpg_key(home, "ed25519", {"--faked-system-time", "20200101T000000!"}, {}, "1d");
        CHECK(refusal(home, fingerprint) == "the key is expired");
    }
    SECTION("revoked") {
        const auto fingerprint = gpg_key(home, "ed25519");
        auto certificate = read(home / "openpgp-revocs.d" / (fingerprint + ".rev"));
        certificate.erase(certificate.find(":-----BEGIN"), 1);
        write(workspace / "rev", certificate);
        gpg(home, {"--import", (workspace / "rev").string()});
        CHECK(refusal(home, fingerprint) == "the key is revoked");
    }
    SECTION("too small") {
        const auto fingerprint = gpg_key(home, "rsa1024");
        CHECK(refusal(home, fingerprint) == "RSA with 1024 bits is too weak, 2048 is the least");
    }
    SECTION("DSA") {
        const auto fingerprint = gpg_key(home, "dsa2048");
        CHECK(refusal(home, fingerprint) == "DSA keys are refused, clients no longer accept them");
    }
    SECTION("a digest that is too weak by the home's configuration") {
        const auto fingerprint = gpg_key(home, "rsa2048");
        write(home / "gpg.conf", "digest-algo SHA1\n");
        CHECK(refusal(home, fingerprint) == "the digest SHA1 is too weak, SHA-256 is the least");
    }
}

namespace {

// gpgconf only asks the agent to end: who goes on at once may still reach the old one.
void end_agent(const std::filesystem::path& home) {
    output_of({"gpgconf", "--homedir", home.string(), "--kill", "gpg-agent"});
    const std::vector<std::string> ask{"gpg-connect-agent", "--homedir", home.string(), "--no-autostart",
                                       "/bye"};
    for (int i = 0; i < 200 && run(ask) == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace

TEST_CASE("a key whose secret part is out of reach is refused as a signing error") {
    Workspace workspace;
    const auto home = workspace.home("h");
    SECTION("without its secret part") {
        const auto other = workspace.home("o");
        const auto fingerprint = gpg_key(other, "ed25519");
        write(workspace / "pub", gpg(other, {"--armor", "--export", fingerprint}));
        gpg(home, {"--import", (workspace / "pub").string()});
        CHECK(refusal(home, fingerprint) == "the secret key is not there");
    }
    SECTION("not there at all, or not a fingerprint") {
        gpg_key(home, "ed25519");
        CHECK(refusal(home, std::string(40, 'A')).find("there is no key AAAA") != std::string::npos);
        CHECK(refusal(home, "DEADBEEF").find("not a fingerprint") != std::string::npos);
    }
    SECTION("locked with a passphrase") {
        const auto fingerprint = gpg_key(home, "ed25519", {}, "secret");
        end_agent(home);  // it remembers passphrases
        CHECK(refusal(home, fingerprint) ==
              "the key is locked with a passphrase, and nothing here may ask for it");
        write(workspace / "pass", "wrong\n");
        const auto refusal_with = [&](const std::filesystem::path& passphrase_file) {
            return reason_in(home, error_of([&] {
                                 open_gpg_signer({"k", fingerprint, home, passphrase_file});
                             }));
        };
        CHECK(refusal_with(workspace / "pass") == "the passphrase is wrong");
        const auto nothing = workspace / "nothing";
        CHECK(refusal_with(nothing) ==
              "the passphrase file " + nothing.string() + " cannot be read or is empty");
        write(workspace / "pass", "secret\n");
        CHECK_NOTHROW(open_gpg_signer({"k", fingerprint, home, workspace / "pass"}));
    }
}

TEST_CASE("a home that cannot be used is refused with its path and quickly") {
    Workspace workspace;
    const std::string fingerprint(40, 'A');
    const auto refused = [&](const std::filesystem::path& home) {
        base::Error error(base::ErrorKind::internal, "", "", "");
        CHECK(seconds_of([&] {
                  error = error_of([&] { open_gpg_signer({"k", fingerprint, home, {}}); });
              }) < 5);
        CHECK(error.kind() == base::ErrorKind::signing);
        CHECK(error.object() == "k");
        CHECK_FALSE(error.hint().empty());
        return reason_in(home, error);
    };
    CHECK(refused(workspace / "missing") == "there is no such directory");
    write(workspace / "file", "");
    CHECK(refused(workspace / "file") == "it is not a directory");
    const auto open = workspace.home("open");
    std::filesystem::permissions(open, std::filesystem::perms::all);
    CHECK(refused(open) == "others may write to it");
    const auto deep = workspace / std::string(100, 'd');
    std::filesystem::create_directory(deep);
    std::filesystem::permissions(deep, std::filesystem::perms::owner_all);
    const bool sockets_are_elsewhere =
        output_of({"gpgconf", "--homedir", deep.string(), "--list-dirs", "agent-socket"})
            .starts_with("/run/user");
    if (!sockets_are_elsewhere)
        CHECK(refused(deep).starts_with("the path is too long for the agent's socket"));
    CHECK(error_of([&] { generate_key(workspace / "file", "A", KeyAlgorithm::ed25519); }).kind() ==
          base::ErrorKind::signing);
}

TEST_CASE("an agent that hangs is an error within ten seconds") {
    Workspace workspace;
    const auto home = workspace / "h";
    const auto fingerprint = generate_key(home, "Acme <acme@example.org>", KeyAlgorithm::ed25519);
    output_of({"gpgconf", "--homedir", home.string(), "--kill", "all"});
    const auto socket = output_of({"gpgconf", "--homedir", home.string(), "--list-dirs", "agent-socket"});
    const SilentAgent agent{std::string(base::trim(socket))};
    base::Error error(base::ErrorKind::internal, "", "", "");
    const auto seconds = seconds_of([&] {
        error = error_of([&] { open_gpg_signer({"stable-key", fingerprint, home, {}}); });
    });
    CHECK(error.kind() == base::ErrorKind::signing);
    CHECK(reason_in(home, error) == "gpg or its agent did not answer within 8 s");
    CHECK(error.hint().find("--kill gpg-agent") != std::string::npos);
    CHECK(seconds < 10);
}
