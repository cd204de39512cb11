// SPDX-License-Identifier: GPL-3.0-or-later
// reposign as people run it.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "tests/unit/signing/support.hpp"

using namespace repotool;
using namespace repotool::signing::test;

namespace {

base::ProcessResult reposign(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), REPOSIGN);
    return base::run_process(arguments, {}, environment, 60);
}

// A home with one key in it; its fingerprint is what `keys generate` prints.
std::string a_home(const std::filesystem::path& home) {
    const auto result = reposign({"keys", "generate", "stable-key", "--home", home.string()});
    REQUIRE(result.exit_code == 0);
    CHECK(result.standard_error.find("keys: {stable-key: {fingerprint: \"") != std::string::npos);
    const auto fingerprint = result.standard_output.substr(0, 40);
    CHECK(result.standard_output == fingerprint + "\n");
    return fingerprint;
}

}  // namespace

TEST_CASE("reposign packages replaces each file by a signed one and leaves signed ones alone") {
    Workspace workspace;
    const auto home = (workspace / "h").string();
    const auto fingerprint = a_home(home);
    const auto package = an_rpm(workspace, "hello");
    std::filesystem::create_hard_link(package, workspace / "other-name.rpm");
    const auto before = read(package);
    write(workspace / ".hello.rpm.999999999.reposign", "left by a run that was killed");

    const auto signed_once = reposign({"packages", package.string(), "--home", home, "--json"});
    CHECK(signed_once.exit_code == 0);
    const auto document = nlohmann::json::parse(signed_once.standard_output);
    CHECK(document.at("ok") == true);
    CHECK(document.at("packages").at(0).at("action") == "signed");
    CHECK(read(workspace / "other-name.rpm") == before);  // never written through
    const auto key = reposign({"keys", "export", "--home", home}).standard_output;
    CHECK(rpmkeys_check(workspace, package, key) == 0);

    const auto after = read(package);
    CHECK(reposign({"packages", package.string(), "--home", home}).standard_output.starts_with("unchanged"));
    CHECK(read(package) == after);
    for (const auto& entry : std::filesystem::directory_iterator(workspace / ""))
        CHECK(entry.path().extension() != ".reposign");
}

TEST_CASE("reposign packages names the file that it refuses and changes none") {
    Workspace workspace;
    const auto home = (workspace / "h").string();
    a_home(home);
    const auto package = an_rpm(workspace, "hello");
    const auto before = read(package);
    const auto broken = (workspace / "broken.rpm").string();
    write(broken, before.substr(0, 200));
    const auto result = reposign({"packages", package.string(), broken, "--home", home});
    CHECK(result.exit_code == 3);
    CHECK(result.standard_error == "reposign: cannot sign package '" + broken + "': it is truncated\n");
    CHECK(read(package) == before);
    CHECK(reposign({"packages", (workspace / "missing.rpm").string(), "--home", home}).exit_code == 3);
}

TEST_CASE("reposign release and repomd write signatures that gpgv and reposign verify accept") {
    Workspace workspace;
    const auto home = (workspace / "h").string();
    const auto fingerprint = a_home(home);
    std::filesystem::create_directories(workspace / "suite");
    std::filesystem::create_directories(workspace / "rpm" / "repodata");
    write(workspace / "suite" / "Release", "Origin: Acme\nSuite: stable\n");
    write(workspace / "rpm" / "repodata" / "repomd.xml", "<repomd/>\n");
    const auto suite = (workspace / "suite").string();
    const auto rpm = (workspace / "rpm").string();
    CHECK(reposign({"release", suite, "--home", home}).exit_code == 0);
    CHECK(reposign({"repomd", rpm, "--key", fingerprint, "--home", home}).exit_code == 0);

    const auto ring = keyring(workspace, "k", read(rpm + "/repodata/repomd.xml.key")).string();
    CHECK(run({"gpgv", "--keyring", ring, suite + "/InRelease"}) == 0);
    CHECK(run({"gpgv", "--keyring", ring, suite + "/Release.gpg", suite + "/Release"}) == 0);
    CHECK(run({"sqv", "--keyring", ring, rpm + "/repodata/repomd.xml.asc", rpm + "/repodata/repomd.xml"}) ==
          0);

    CHECK(reposign({"verify", suite, rpm, "--keyring", ring}).exit_code == 0);
    write(suite + "/Release", "Origin: Acme\nSuite: stablf\n");
    const auto bad = reposign({"verify", suite, rpm, "--keyring", ring, "--json"});
    CHECK(bad.exit_code == 9);
    const auto document = nlohmann::json::parse(bad.standard_output);
    CHECK(document.at("error").at("kind") == "integrity");
    CHECK(document.at("files").size() == 3);
    CHECK(run({"gpgv", "--keyring", ring, suite + "/Release.gpg", suite + "/Release"}) != 0);
}

TEST_CASE("reposign exits with the code of the contract") {
    Workspace workspace;
    const auto missing = (workspace / "missing").string();
    CHECK(reposign({}).exit_code == 2);
    CHECK(reposign({"--help"}).exit_code == 0);
    CHECK(reposign({"--version"}).standard_output.starts_with("reposign "));
    const auto misspelt = reposign({"keys", "exprot"});
    CHECK(misspelt.exit_code == 2);
    CHECK(misspelt.standard_error.find("did you mean 'export'?") != std::string::npos);
    CHECK(reposign({"keys", "generate", "bad/name", "--home", missing}).exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(missing));
    CHECK(reposign({"keys", "list", "--home", missing}).exit_code == 5);
    CHECK(reposign({"keys", "check", "--home", workspace.home("empty").string()}).exit_code == 5);
}

TEST_CASE("a site's keys live in private/gnupg, which only its user may open") {
    Workspace workspace;
    const auto site = (workspace / "s").string();
    CHECK(reposign({"keys", "generate", "--site", site}, {"GNUPGHOME=/nonexistent"}).exit_code == 0);
    CHECK(std::filesystem::status(site + "/private").permissions() == std::filesystem::perms::owner_all);
    CHECK(fingerprints(site + "/private/gnupg").size() == 1);
}

TEST_CASE("a home that another user owns is refused with its path") {
    Workspace workspace;
    const auto home = workspace.home("h");
    std::filesystem::permissions(workspace / "", std::filesystem::perms(0755));
    const auto program = workspace / "reposign";  // where nobody may run it
    std::filesystem::copy_file(REPOSIGN, program);
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    const auto result = base::run_process({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                           program.string(), "keys", "list", "--home", home.string()});
    CHECK(result.exit_code == 5);
    CHECK(result.standard_error.find(home.string()) != std::string::npos);
    CHECK(result.standard_error.find("run as the user that owns this directory") != std::string::npos);
}

TEST_CASE("a locked key is an error and no prompt, also on a terminal with a display") {
    Workspace workspace;
    const auto home = workspace.home("h");
    gpg_key(home, "ed25519", {}, "secret");
    output_of({"gpgconf", "--homedir", home.string(), "--kill", "gpg-agent"});
    const auto command =
        base::shell_quote(REPOSIGN) + " keys check --home " + base::shell_quote(home.string());
    const auto result = base::run_process({"script", "-qec", "GPG_TTY=$(tty) " + command, "/dev/null"}, {},
                                          {"DISPLAY=:0"}, 10);
    CHECK(result.exit_code == 5);
    CHECK(result.standard_output.find("locked with a passphrase") != std::string::npos);
}
