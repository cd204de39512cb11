// SPDX-License-Identifier: GPL-3.0-or-later
// Packages made by rpmbuild, signed here, judged by rpmkeys.
#include <catch2/catch.hpp>

#include "signing/rpm_check.hpp"
#include "signing/rpm_layout.hpp"
#include "signing/rpm_signer.hpp"
#include "signing/rpm_writer.hpp"
#include "tests/unit/signing/support.hpp"

using namespace repotool;
using namespace repotool::signing;
using namespace repotool::signing::test;

namespace {

// Bytes from the main header on: what no signature may change.
std::string content_of(const std::filesystem::path& package) {
    const auto layout = read_rpm_layout(package);
    const auto bytes = read(package);
    return bytes.substr(layout.payload_offset - layout.header.size());
}

void sign_with(const KeyReference& key, const std::vector<std::string>& paths) {
    PackageSigner(*open_gpg_signer(key)).sign(paths);
}

}  // namespace

TEST_CASE("rpmkeys with every check required accepts signed packages and refuses them after a flipped byte") {
    const auto algorithm = GENERATE(KeyAlgorithm::ed25519, KeyAlgorithm::rsa4096);
    Workspace workspace;
    const auto home = workspace / "h";
    const KeyReference key{"k", generate_key(home, "Acme <a@example.org>", algorithm), home, {}};
    const auto package = an_rpm(workspace, "hello");
    const auto public_key = open_gpg_signer(key)->public_key();
    CHECK(rpmkeys_check(workspace, package, public_key) != 0);  // not signed yet
    const auto unsigned_verdict = verify_package(package.string(), {public_key});
    CHECK_FALSE(unsigned_verdict.good);
    CHECK_FALSE(unsigned_verdict.is_signed);

    const auto content = content_of(package);
    sign_with(key, {package.string()});
    CHECK(content_of(package) == content);
    CHECK(rpmkeys_check(workspace, package, public_key) == 0);
    const auto verdict = verify_package(package.string(), {public_key});
    CHECK(verdict.good);
    CHECK(verdict.fingerprint == key.fingerprint);

    const auto bytes = read(package);
    const auto layout = read_rpm_layout(package);
    const auto header_at = layout.payload_offset - layout.header.size();
    for (const auto at : {header_at + layout.header.size() / 2, layout.payload_offset - 1,
                          layout.payload_offset + 20, bytes.size() - 1}) {
        const auto damaged = workspace / "damaged.rpm";
        write(damaged, flipped(bytes, at));
        CHECK(rpmkeys_check(workspace, damaged, public_key) != 0);
        CHECK_FALSE(verify_package(damaged.string(), {public_key}).good);
    }
}

TEST_CASE("a package that the key has signed already is left alone") {
    Workspace workspace;
    const auto home = workspace / "h";
    const KeyReference key{"k", generate_key(home, "Acme <a@example.org>", KeyAlgorithm::ed25519), home, {}};
    const auto package = an_rpm(workspace, "hello");
    sign_with(key, {package.string()});
    const auto before = read(package);
    const auto time = std::filesystem::last_write_time(package);
    sign_with(key, {package.string()});
    CHECK(read(package) == before);
    CHECK(std::filesystem::last_write_time(package) == time);
}

TEST_CASE("a signature of another key is replaced, whatever its algorithm") {
    Workspace workspace;
    const auto home = workspace / "h";
    const KeyReference rsa{"r", generate_key(home, "R <r@example.org>", KeyAlgorithm::rsa4096), home, {}};
    const KeyReference ed{"e", generate_key(home, "E <e@example.org>", KeyAlgorithm::ed25519), home, {}};
    const auto package = an_rpm(workspace, "hello");
    const auto content = content_of(package);
    sign_with(rsa, {package.string()});
    sign_with(ed, {package.string()});
    CHECK(content_of(package) == content);
    const auto key = open_gpg_signer(ed)->public_key();
    CHECK(rpmkeys_check(workspace, package, key) == 0);
    CHECK(verify_package(package.string(), {key}).fingerprint == ed.fingerprint);
    CHECK_FALSE(verify_package(package.string(), {open_gpg_signer(rsa)->public_key()}).good);
    const auto layout = read_rpm_layout(package);
    CHECK_FALSE(layout.signatures.contains(SignatureTag::rsa_header));
}

TEST_CASE("many packages are signed in one call, in a home and directory with awkward names") {
    Workspace workspace;
    const auto home = workspace / "h 'x' %y";
    const KeyReference key{"k", generate_key(home, "Acme <a@example.org>", KeyAlgorithm::ed25519), home, {}};
    const auto package = an_rpm(workspace, "hello");
    std::vector<std::string> copies;
    for (int number = 0; number < 20; ++number) {
        copies.push_back((workspace / ("copy %" + std::to_string(number) + ".rpm")).string());
        std::filesystem::copy_file(package, copies.back());
    }
    sign_with(key, copies);
    const auto public_key = open_gpg_signer(key)->public_key();
    for (const auto& copy : copies) CHECK(verify_package(copy, {public_key}).good);
}

TEST_CASE("a package without room for signatures gets them all the same, more than once") {
    Workspace workspace;
    const auto package = an_rpm(workspace, "tight", "__gpg_reserved_space 0");
    const auto content = content_of(package);
    const KeyReference rsa{"k", gpg_key(workspace.home("h"), "rsa4096"), workspace / "h", {}};
    const KeyReference ed{"k", gpg_key(workspace / "h", "ed25519"), workspace / "h", {}};
    for (const auto& key : {ed, rsa, ed}) {
        sign_with(key, {package.string()});
        CHECK(content_of(package) == content);
        CHECK(rpmkeys_check(workspace, package, open_gpg_signer(key)->public_key()) == 0);
    }
    CHECK_FALSE(std::filesystem::exists(package.string() + ".sig"));
}

TEST_CASE("rpmkeys accepts signatures over header and payload, which old packages get") {
    Workspace workspace;
    const std::string algorithm = GENERATE("ed25519", "rsa2048");
    const auto package = an_rpm(workspace, "old");
    const auto content = content_of(package);
    const auto signer = open_gpg_signer({"k", gpg_key(workspace.home("h"), algorithm), workspace / "h", {}});
    const auto layout = read_rpm_layout(package);
    const auto over_header = signer->sign_packet(header_content(layout));
    const auto over_package = signer->sign_packet(package_content(package, layout));
    const auto file_size = std::filesystem::file_size(package);
    write_signatures(package, layout, {over_header.algorithm, over_header.bytes, over_package.bytes});
    CHECK(content_of(package) == content);
    CHECK(rpmkeys_check(workspace, package, signer->public_key()) == 0);
    CHECK(signatures_of(read_rpm_layout(package)).size() == 2);
    CHECK(std::filesystem::file_size(package) == file_size);  // in the room that rpmbuild leaves
    CHECK(verify_package(package.string(), {signer->public_key()}).good);
}

TEST_CASE("a locked key signs packages with its passphrase file") {
    Workspace workspace;
    const auto home = workspace.home("h");
    const auto fingerprint = gpg_key(home, "ed25519", {}, "secret");
    output_of({"gpgconf", "--homedir", home.string(), "--kill", "gpg-agent"});
    write(workspace / "pass", "secret\n");
    const auto package = an_rpm(workspace, "hello");
    const KeyReference key{"k", fingerprint, home, workspace / "pass"};
    sign_with(key, {package.string()});
    CHECK(verify_package(package.string(), {open_gpg_signer(key)->public_key()}).good);
}

TEST_CASE("the user's rpm macros have no influence on a signature") {
    Workspace workspace;
    const auto home = workspace / "h";
    const KeyReference key{"k", generate_key(home, "Acme <a@example.org>", KeyAlgorithm::ed25519), home, {}};
    const auto package = an_rpm(workspace, "hello");
    write(workspace / ".rpmmacros", "%__gpg_sign_cmd /bin/false false\n%_gpg_digest_algo sha1\n");
    const std::string old = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    ::setenv("HOME", (workspace / "").c_str(), 1);
    CHECK_NOTHROW(sign_with(key, {package.string()}));
    ::setenv("HOME", old.c_str(), 1);
}

TEST_CASE("files that must not be signed are refused and stay as they are") {
    Workspace workspace;
    const auto home = workspace / "h";
    const KeyReference key{"k", generate_key(home, "Acme <a@example.org>", KeyAlgorithm::ed25519), home, {}};
    const auto package = an_rpm(workspace, "hello");
    const auto bytes = read(package);
    const auto refused = [&](const std::filesystem::path& path, base::ErrorKind kind) {
        const auto before = read(path);
        const auto error = error_of([&] { sign_with(key, {path.string()}); });
        CHECK(error.kind() == kind);
        CHECK(error.object() == path.string());
        CHECK(read(path) == before);
        return error.reason();
    };
    std::filesystem::create_hard_link(package, workspace / "second.rpm");
    CHECK(refused(package, base::ErrorKind::signing) == "the file has 2 hard links");
    std::filesystem::create_symlink(package, workspace / "link.rpm");
    CHECK(refused(workspace / "link.rpm", base::ErrorKind::input) == "it is not a regular file");
    write(workspace / "text.rpm", "no package\n");
    CHECK(refused(workspace / "text.rpm", base::ErrorKind::input) == "it is truncated");
    write(workspace / "bad.rpm", flipped(bytes, bytes.size() - 1));
    CHECK(refused(workspace / "bad.rpm", base::ErrorKind::input).find("digest") == std::string::npos);
    for (std::size_t size = 0; size < bytes.size(); size += 97) {
        write(workspace / "cut.rpm", bytes.substr(0, size));
        CHECK_FALSE(refused(workspace / "cut.rpm", base::ErrorKind::input).empty());
    }
}

TEST_CASE("a package signed by an expired or revoked key is refused although rpm accepts it") {
    Workspace workspace;
    const auto home = workspace.home("h");
    const auto fingerprint = gpg_key(home, "rsa2048");
    const auto package = an_rpm(workspace, "hello");
    sign_with({"k", fingerprint, home, {}}, {package.string()});
    auto certificate = read(home / "openpgp-revocs.d" / (fingerprint + ".rev"));
    certificate.erase(certificate.find(":-----BEGIN"), 1);
    write(workspace / "rev", certificate);
    gpg(home, {"--import", (workspace / "rev").string()});
    const auto verdict = verify_package(package.string(), {gpg(home, {"--armor", "--export"})});
    CHECK_FALSE(verdict.good);
    CHECK(verdict.is_signed);
    CHECK(verdict.reason == "the key is revoked");
}
