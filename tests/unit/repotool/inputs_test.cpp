// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "repotool/inputs.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::publisher {
namespace {

void touch(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "x";
}

std::vector<std::string> expand(std::vector<std::string> arguments, const std::string& standard_input = "") {
    std::vector<std::string> paths;
    for (const auto& file :
         expand_inputs({std::move(arguments), {"*.deb"}, [standard_input] { return standard_input; }})
             .packages)
        paths.push_back(file.path);
    return paths;
}

}  // namespace

TEST_CASE("directories are searched through, sorted, without hidden names", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string root = directory.path();
    for (const char* name :
         {"/b/two.rpm", "/a/one.deb", "/.promoted/7/old.deb", "/a/notes.txt", "/a/x.changes", "/zero.udeb"})
        touch(root + name);
    CHECK(expand({root}) ==
          std::vector<std::string>{root + "/a/one.deb", root + "/b/two.rpm", root + "/zero.udeb"});
}

TEST_CASE("a file that is named twice counts once, and - reads a list", "[inputs]") {
    testing::TemporaryDirectory directory;
    const std::string file = directory.path() + "/one.deb";
    touch(file);
    CHECK(expand({file, file, directory.path()}) == std::vector<std::string>{file});
    CHECK(expand({"-"}, file + "\n\n" + file + "\n") == std::vector<std::string>{file});
}

TEST_CASE("nothing to publish is an input error that says where it looked", "[inputs]") {
    testing::TemporaryDirectory directory;
    const auto kind_of = [&](std::vector<std::string> arguments) {
        try {
            expand(std::move(arguments));
        } catch (const base::Error& error) {
            return error.kind();
        }
        return base::ErrorKind::internal;
    };
    CHECK(kind_of({directory.path()}) == base::ErrorKind::input);
    CHECK(kind_of({directory.path() + "/missing.deb"}) == base::ErrorKind::input);
    CHECK(kind_of({"-"}) == base::ErrorKind::input);
    touch(directory.path() + "/x.dsc");
    CHECK(kind_of({directory.path() + "/x.dsc"}) == base::ErrorKind::input);
}

}  // namespace repotool::publisher
