// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "repotool/ingest/inputs.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::publisher {
namespace {

void write(const std::string& path, const std::string& text = "x") {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
}

// The common part of .changes and .dsc: each of `files` with the digest of "x", or of what it says.
std::string listing(const std::vector<std::string>& files, const std::string& content = "x") {
    std::string text = "Checksums-Sha256:\n";
    for (const auto& name : files)
        text += fmt::format(" {} {} {}\n", base::sha256_hex(content), content.size(), name);
    return text;
}

std::string changes(const std::vector<std::string>& files, const std::string& dist = "bookworm",
                    const std::string& content = "x") {
    return "Source: hello\nVersion: 1.0\nDistribution: " + dist + "\n" + listing(files, content);
}

std::string source(const std::vector<std::string>& files) {
    return "Format: 3.0 (native)\nSource: hello\nVersion: 1.0\n" + listing(files);
}

Inputs expand_all(std::vector<std::string> arguments, const std::string& standard_input = "") {
    return expand_inputs({std::move(arguments), {"*.deb"}, [standard_input] { return standard_input; }});
}

std::vector<std::string> expand(std::vector<std::string> arguments, const std::string& standard_input = "") {
    std::vector<std::string> paths;
    for (const auto& file : expand_all(std::move(arguments), standard_input).packages)
        paths.push_back(file.path);
    return paths;
}

std::string refusal_of(std::vector<std::string> arguments) {
    try {
        expand_all(std::move(arguments));
        return "accepted";
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        return error.what();
    }
}

}  // namespace

TEST_CASE("directories are searched through, sorted, without hidden names", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path();
    for (const char* name : {"/b/two.rpm", "/a/one.deb", "/.promoted/7/old.deb", "/a/notes.txt", "/a/x.yml",
                             "/a/x.buildinfo", "/b/four.ddeb", "/zero.udeb"})
        write(root + name);
    CHECK(expand({root}) == std::vector<std::string>{root + "/a/one.deb", root + "/b/four.ddeb",
                                                     root + "/b/two.rpm", root + "/zero.udeb"});
}

TEST_CASE("updates are found, and sites and their settings are no updates", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path();
    for (const char* name : {"/b/two.yaml", "/one.yml", "/.promoted/7/old.yml", "/site/repotool.yaml",
                             "/site/public/pool/hello.deb", "/mirrors.yaml"})
        write(root + name);
    const Inputs inputs = expand_all({root});
    CHECK(inputs.updates == std::vector<std::string>{root + "/b/two.yaml", root + "/one.yml"});
    CHECK(inputs.packages.empty());
}

TEST_CASE("what an update names are candidates, but for what was named by itself", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path();
    for (const char* name :
         {"/x.yml", "/r/d/one.rpm", "/r/d/tag/two.rpm", "/r/d/notes.txt", "/r/d/.three.rpm"})
        write(root + name);
    InputArguments arguments{{root + "/x.yml", root + "/r/d/one.rpm"}, {}, nullptr};
    arguments.candidates_of = [&](const std::string& update) {
        CHECK(update == root + "/x.yml");
        return std::vector<std::string>{root + "/r/d", root + "/missing"};
    };
    const Inputs inputs = expand_inputs(arguments);
    REQUIRE(inputs.packages.size() == 2);
    CHECK(inputs.packages[0].path == root + "/r/d/one.rpm");
    CHECK_FALSE(inputs.packages[0].is_candidate);
    CHECK(inputs.packages[1].path == root + "/r/d/tag/two.rpm");
    CHECK(inputs.packages[1].is_candidate);
}

TEST_CASE("a directory with nothing but what was promoted is welcome where that is said", "[inputs]") {
    testing::TemporaryDirectory directory;
    write(directory.path() + "/.promoted/1/old.deb");
    CHECK_THAT(refusal_of({directory.path()}), Catch::Contains("there is no package in this directory"));
    InputArguments arguments{{directory.path()}, {}, nullptr};
    arguments.may_be_promoted = true;
    CHECK(expand_inputs(arguments).packages.empty());
}

TEST_CASE("a file that is named twice counts once, and - reads a list", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string file = directory.path() + "/one.deb";
    write(file);
    CHECK(expand({file, file, directory.path(), directory.path() + "/./one.deb"}) ==
          std::vector<std::string>{file});
    CHECK(expand({"-"}, file + "\n\n" + file + "\n") == std::vector<std::string>{file});
}

TEST_CASE("nothing to publish is an input error that says where it looked", "[inputs]") {
    testing::TemporaryDirectory directory;
    CHECK_THAT(refusal_of({directory.path()}), Catch::Contains("there is no package in this directory"));
    CHECK_THAT(refusal_of({directory.path() + "/missing.deb"}), Catch::Contains("there is no such file"));
    CHECK_THAT(refusal_of({"-"}), Catch::Contains("there are none"));
    write(directory.path() + "/x.buildinfo");
    CHECK_THAT(refusal_of({directory.path() + "/x.buildinfo"}), Catch::Contains("it holds no package"));
}

TEST_CASE("a .changes stands for the packages and source packages that it lists", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path() + "/";
    const std::string dsc = source({"hello_1.0.tar.xz"});
    write(root + "hello_1.0.dsc", dsc);
    write(root + "x.changes", changes({"hello_1.0_all.deb", "hello_1.0.tar.xz", "hello_1.0_amd64.buildinfo",
                                       "hello-dbgsym_1.0_amd64.ddeb"}) +
                                  fmt::format(" {} {} hello_1.0.dsc\n", base::sha256_hex(dsc), dsc.size()));
    const Inputs inputs = expand_all({root + "x.changes"});
    REQUIRE(inputs.packages.size() == 2);
    CHECK(inputs.packages[0].path == root + "hello_1.0_all.deb");
    CHECK(inputs.packages[0].dist == "bookworm");
    CHECK(inputs.packages[0].listed_by == root + "x.changes");
    CHECK(inputs.packages[0].sha256 == base::sha256_hex("x"));
    CHECK(inputs.packages[0].size == 1);
    REQUIRE(inputs.sources.size() == 1);
    CHECK(inputs.sources[0].control.path == root + "hello_1.0.dsc");
    CHECK(inputs.sources[0].control.dist == "bookworm");
    CHECK(inputs.sources[0].control.sha256 == base::sha256_hex(dsc));
    REQUIRE(inputs.sources[0].files.size() == 1);
    CHECK(inputs.sources[0].files[0].path == root + "hello_1.0.tar.xz");
    CHECK(inputs.sources[0].files[0].listed_by == root + "hello_1.0.dsc");
    REQUIRE(inputs.uploads.size() == 1);
    REQUIRE(inputs.unpublished.size() == 1);
    CHECK(inputs.unpublished[0].path == root + "hello_1.0_amd64.buildinfo");
}

TEST_CASE("a directory with a .changes and its files has each of them once, for the .changes' dist",
          "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path() + "/";
    for (const char* name : {"a_1_all.deb", "other_1_all.deb"}) write(root + name);
    write(root + "hello_1.0.dsc", source({"hello_1.0.tar.xz"}));
    write(root + "x.changes", changes({"a_1_all.deb"}, "bookworm/updates"));
    for (const auto& arguments :
         {std::vector{directory.path()},
          {root + "a_1_all.deb", root + "other_1_all.deb", root + "x.changes", root + "hello_1.0.dsc"}}) {
        const Inputs inputs = expand_all(arguments);
        REQUIRE(inputs.packages.size() == 2);
        CHECK(inputs.packages[0].dist == "bookworm/updates");
        CHECK(inputs.packages[1].dist.empty());
        CHECK(inputs.packages[1].sha256.empty());
        REQUIRE(inputs.sources.size() == 1);
        CHECK(inputs.sources[0].control.dist.empty());
        CHECK(inputs.sources[0].control.sha256 == base::sha256_hex(source({"hello_1.0.tar.xz"})));
    }
}

TEST_CASE("uploads that contradict each other are refused", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path() + "/";
    write(root + "a.changes", changes({"hello_1_all.deb", "hello_1.0.tar.xz"}));
    write(root + "same.changes", changes({"hello_1_all.deb"}));
    CHECK(refusal_of({root + "a.changes", root + "same.changes"}) == "accepted");
    write(root + "digest.changes", changes({"hello_1_all.deb"}, "bookworm", "y"));
    CHECK_THAT(refusal_of({root + "a.changes", root + "digest.changes"}),
               Catch::Contains("different digests"));
    write(root + "dist.changes", changes({"hello_1_all.deb"}, "trixie"));
    CHECK_THAT(refusal_of({root + "a.changes", root + "dist.changes"}),
               Catch::Contains("sends it to bookworm, and"));
    write(root + "hello_1.0.dsc",
          "Format: 1.0\nSource: hello\nVersion: 1.0\n" + listing({"hello_1.0.tar.xz"}, "y"));
    CHECK_THAT(refusal_of({root + "a.changes", root + "hello_1.0.dsc"}),
               Catch::Contains("different digests"));
    write(root + "source.changes", changes({"hello_1.0.dsc"}));
    CHECK_THAT(refusal_of({root + "source.changes"}), Catch::Contains("its SHA-256 is"));
}

TEST_CASE("a .changes or .dsc that is broken, hostile, missing or no regular file is refused", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path() + "/";
    write(root + "hostile.changes", changes({"../x.deb"}));
    CHECK_THAT(refusal_of({root + "hostile.changes"}), Catch::Contains("not allowed as a file's name"));
    write(root + "empty.changes", "");
    CHECK_THAT(refusal_of({root + "empty.changes"}), Catch::Contains("it is empty"));
    write(root + "missing.changes", changes({"hello_1.0.dsc"}));
    CHECK_THAT(refusal_of({root + "missing.changes"}), Catch::Contains("hello_1.0.dsc"));
    std::filesystem::create_symlink(root + "hostile.changes", root + "link.changes");
    CHECK_THAT(refusal_of({root + "link.changes"}), Catch::Contains("symbolic link"));
    std::filesystem::resize_file(root + "empty.changes", 9U << 20U);
    CHECK_THAT(refusal_of({root + "empty.changes"}), Catch::Contains("larger than 8 MiB"));
    // Only a directory leaves nothing out that has these names.
    CHECK_THAT(refusal_of({directory.path()}), Catch::Contains("cannot publish"));
}

TEST_CASE("metadata of RPM repositories is taken by its name, from a directory where RPM packages are",
          "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path() + "/";
    write(root + "debs/a.deb");
    write(root + "debs/comps.xml");
    CHECK(expand_all({root + "debs"}).extras.empty());
    write(root + "rpms/a.rpm");
    write(root + "rpms/repodata/comps.xml");
    const Inputs inputs = expand_all({root + "rpms", root + "debs/comps.xml"});
    REQUIRE(inputs.extras.size() == 2);
    CHECK(inputs.extras[0].type == "group");
    CHECK(inputs.extras[0].path == root + "rpms/repodata/comps.xml");
    CHECK(inputs.extras[1].path == root + "debs/comps.xml");
}

}  // namespace repotool::publisher
