// SPDX-License-Identifier: GPL-3.0-or-later
// The judges are apt-ftparchive (same files, same digests) and apt-get itself, which reads the repository.
#include "core/formats/deb/release_writer.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <set>
#include <sstream>

#include "apt_root.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/release_reader.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb;
using namespace repotool::formats::deb::testing;

namespace {

Release a_release() {
    Release release;
    release.origin = "Acme";
    release.label = "Acme Label";
    release.suite = "stable";
    release.codename = "bookworm";
    release.description = "all of it";
    release.date = 1795179000;
    release.architectures = {"arm64", "amd64", "arm64"};
    release.components = {"main", "contrib"};
    return release;
}

ReleaseFile file_of(const std::string& path, const std::string& bytes) {
    return {path, base::sha256_hex(bytes), bytes.size()};
}

// The words of each line of the SHA256 block.
std::set<std::string> listed_files(const std::string& release) {
    std::set<std::string> files;
    std::istringstream lines(release.substr(release.find("SHA256:\n")));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line) && line.starts_with(' ')) {
        std::istringstream words(line);
        std::string digest;
        std::string size;
        std::string path;
        words >> digest >> size >> path;
        if (path != "Release") files.insert(digest + " " + size + " " + path);
    }
    return files;
}

enum class WithSha512 { no, yes };

// A site that holds one package, and the directories that apt wants.
void make_repository(const TemporaryDirectory& root, Release release,
                     WithSha512 with_sha512 = WithSha512::no) {
    const std::string package = deb_with_control(good_control("Depends: other (>= 1)\n"));
    const formats::IndexText text = read_bytes(root, package).index.at("Packages");
    const std::string packages = text.before + "pool/hello.deb" + text.after;
    release.date = std::time(nullptr) - 60;
    release.files = {file_of("main/binary-amd64/Packages", packages)};
    if (with_sha512 == WithSha512::yes) release.files[0].sha512 = digests_of(packages).sha512;
    write_file(root / "site/pool/hello.deb", package);
    write_file(root / "site/dists/stable/main/binary-amd64/Packages", packages);
    write_file(root / "site/dists/stable/Release", render_release(release));
    make_apt_root(root);
}

std::string policy_of(const Release& release, WithSha512 with_sha512 = WithSha512::no) {
    const TemporaryDirectory root;
    make_repository(root, release, with_sha512);
    output_of(apt(root, {"apt-get", "update", "--error-on=any"}));
    return output_of(apt(root, {"apt-cache", "policy"}));
}

}  // namespace

TEST_CASE("a Release file has its fields in one order, its words sorted and its files by path") {
    Release release = a_release();
    release.files = {file_of("main/binary-amd64/Packages", "x"),
                     file_of("contrib/binary-amd64/Packages.gz", "")};
    CHECK(render_release(release) ==
          "Origin: Acme\nLabel: Acme Label\nSuite: stable\nCodename: bookworm\n"
          "Date: " +
              base::rfc1123(release.date) +
              "\nArchitectures: amd64 arm64\n"
              "Components: contrib main\nDescription: all of it\nSHA256:\n"
              " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855          0 "
              "contrib/binary-amd64/Packages.gz\n"
              " 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881          1 "
              "main/binary-amd64/Packages\nAcquire-By-Hash: yes\n");
}

TEST_CASE("a Release file lists what apt-ftparchive lists") {
    const TemporaryDirectory directory;
    Release release = a_release();
    for (const char* path :
         {"main/binary-amd64/Packages", "main/binary-amd64/Packages.gz", "main/binary-arm64/Packages"}) {
        const std::string bytes(std::char_traits<char>::length(path) * 1000, 'x');
        write_file(directory / path, bytes);
        release.files.push_back(file_of(path, bytes));
    }
    const std::string theirs = output_of({"apt-ftparchive", "release", directory.path()});
    CHECK(listed_files(render_release(release)) == listed_files(theirs));
    CHECK(listed_files(theirs).size() == 3);
}

TEST_CASE("apt-get reads a repository made of these Release and Packages texts") {
    const TemporaryDirectory root;
    make_repository(root, a_release());
    output_of(apt(root, {"apt-get", "update", "--error-on=any"}));
    CHECK_THAT(output_of(apt(root, {"apt-cache", "policy"})),
               Catch::Contains("o=Acme,a=stable,n=bookworm,l=Acme Label,c=main,b=amd64"));
    CHECK_THAT(output_of(apt(root, {"apt-cache", "show", "hello"})),
               Catch::Contains("Filename: pool/hello.deb\n"));
}

TEST_CASE("apt takes the version and the default pin of a suite from its Release file") {
    Release release = a_release();
    release.version = "12.5";
    CHECK_THAT(policy_of(release), Catch::Contains(" 500 file:") && Catch::Contains("release v=12.5,o=Acme"));
    release.not_automatic = true;
    CHECK_THAT(policy_of(release), Catch::Contains("   1 file:"));
    release.but_automatic_upgrades = true;
    release.changelogs = "https://example.org/@CHANGEPATH@/changelog";
    release.snapshots = "no";
    release.signed_by = {std::string(40, 'A'), std::string(40, 'b') + "!"};
    release.valid_until = std::time(nullptr) + 600;
    CHECK_THAT(policy_of(release, WithSha512::yes), Catch::Contains(" 100 file:"));
}

TEST_CASE("apt refuses a Release file after its Valid-Until") {
    const TemporaryDirectory root;
    Release release = a_release();
    release.valid_until = std::time(nullptr) - 30;
    make_repository(root, release);
    auto command = apt(root, {"apt-get", "update"});
    command.insert(command.begin(), {"sh", "-c", "\"$@\" 2>&1 || true", "sh"});
    CHECK_THAT(output_of(command), Catch::Contains("is expired"));
}

TEST_CASE("SHA512 is a section of its own, for all files or for none") {
    Release release = a_release();
    release.files = {file_of("b", "x"), file_of("a", "")};
    for (auto& file : release.files) file.sha512 = digests_of(file.path == "a" ? "" : "x").sha512;
    const std::string text = render_release(release);
    const std::string section = text.substr(text.find("SHA512:\n"));
    CHECK_THAT(section, Catch::StartsWith("SHA512:\n cf83e1357eefb8bd") &&
                            Catch::EndsWith(" 1 b\nAcquire-By-Hash: yes\n"));
    release.files[0].sha512.clear();
    CHECK_THROWS_WITH(render_release(release), Catch::Contains("is not the SHA512 of 'b'"));
}

TEST_CASE("a Release file is read back as apt reads it") {
    Release release = a_release();
    release.not_automatic = true;
    release.but_automatic_upgrades = true;
    const ReleaseInfo info = read_release(render_release(release));
    CHECK(info.origin == "Acme");
    CHECK(info.label == "Acme Label");
    CHECK(info.suite == "stable");
    CHECK(info.codename == "bookworm");
    CHECK(info.not_automatic);
    CHECK(info.but_automatic_upgrades);
    CHECK_FALSE(read_release("Origin: x\nNotAutomatic: no\n").not_automatic);
    CHECK(read_release("Origin: x\n").codename.empty());
    for (const char* text : {"", "no field\n", "Origin: a\n\nOrigin: b\n", "\n\n"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(read_release(text), base::Error);
    }
}

TEST_CASE("values that would forge lines of a Release file are a usage error") {
    const auto kind_of = [](const Release& release) {
        try {
            render_release(release);
        } catch (const base::Error& error) {
            return error.kind();
        }
        return base::ErrorKind::internal;
    };
    std::vector<Release> bad(12, a_release());
    bad[0].origin = "Acme\nSuite: evil";
    bad[1].description = "a\rb";
    bad[2].components = {"main contrib"};
    bad[3].architectures = {"amd64\nX: y"};
    bad[4].files = {file_of("a b", "x")};
    bad[5].files = {file_of("a\n b", "x")};
    bad[6].files = {{"a", "not a digest", 1}};
    bad[7].files = {file_of("a", "x"), file_of("a", "y")};
    bad[8].components = {""};
    bad[9].signed_by = {"12345678"};
    bad[10].signed_by = {std::string(40, 'A') + "\nX: y"};
    bad[11].changelogs = "no\n";
    for (const Release& release : bad) CHECK(kind_of(release) == base::ErrorKind::usage);
}
