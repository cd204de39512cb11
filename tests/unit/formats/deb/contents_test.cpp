// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of paths are compared with those of apt-ftparchive and of dpkg-deb.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/data_archive.hpp"
#include "core/formats/deb/package_reader.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb;
using namespace repotool::formats::deb::testing;
using formats::Package;

namespace {

using Contents = std::map<std::string, std::set<std::string>>;  // package names by path

Package read(const std::string& path) {
    return read_package(path, digests_of(read_file(path)), path, PathList::read);
}

void add_ours(Contents& contents, const std::string& path) {
    const Package package = read(path);
    for (const auto& line : base::split(package.index.at("Contents").before, '\n')) {
        if (!line.empty()) contents[line].insert(package.name);
    }
}

// Lines "path<white space>name,name".
Contents theirs(const std::string& directory) {
    Contents contents;
    for (const auto& line : base::split(output_of({"apt-ftparchive", "contents", directory}), '\n')) {
        if (line.empty()) continue;
        const std::size_t end = line.find_last_of(" \t");
        const std::string path(base::trim(line.substr(0, end)));
        for (const auto& name : base::split(line.substr(end + 1), ',')) contents[path].insert(name);
    }
    return contents;
}

// A package of the name `name` with a tree that `script` makes in the working directory.
void build(const TemporaryDirectory& directory, const std::string& name, const std::string& script,
           const std::vector<std::string>& options = {}) {
    const std::string tree = directory / ("tree-" + name);
    std::string control = good_control();
    control.replace(control.find("hello"), 5, name);
    write_file(tree + "/DEBIAN/control", control);
    output_of({"sh", "-c", "chmod -R go-w \"$1\"; cd \"$1\"; " + script, "sh", tree});
    std::vector<std::string> command{"dpkg-deb", "--root-owner-group"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"--build", tree, directory / ("debs/" + name + ".deb")});
    write_file(directory / "debs/.keep", "");
    output_of(command);
}

std::string deb_with_data(const std::string& data, const std::string& suffix = "") {
    return ar_archive({{"debian-binary", "2.0\n"},
                       {"control.tar.gz", compressed(tar_archive({{"./control", good_control()}}), "gzip")},
                       {"data.tar" + suffix, data}});
}

std::string paths_of(const std::string& bytes) {
    const TemporaryDirectory directory;
    write_file(directory / "x.deb", bytes);
    return read(directory / "x.deb").index.at("Contents").before;
}

std::string refusal_of(const std::string& bytes) {
    try {
        paths_of(bytes);
        return "accepted";
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        return error.reason();
    }
}

}  // namespace

TEST_CASE("a package's paths are those of apt-ftparchive, whatever they are and whatever compressed them") {
    const TemporaryDirectory directory;
    const std::string tree =
        "mkdir -p usr/share/x etc/empty 'usr/a b'; echo 1 >usr/share/x/f; ln -s f usr/share/x/link; ln -s / "
        "usr/share/x/root; "
        "ln usr/share/x/f usr/share/x/hard; mkfifo usr/share/x/fifo; echo 2 >'usr/a b/c  d'; echo 3 >top; "
        "touch usr/$(printf '%0150d' 7) usr/share/x/,comma usr/.hidden; mkdir -p usr/$(printf '%0120d' 8); "
        "touch usr/$(printf '%0120d' 8)/deep";
    build(directory, "one", tree, {"-Zgzip"});
    build(directory, "two", tree + "; echo >usr/share/x/two", {"-Zxz"});
    build(directory, "three", "mkdir -p usr/share/x; echo >usr/share/x/f", {"-Zzstd"});
    build(directory, "four", "mkdir -p usr/lib; echo >usr/lib/four", {"-Znone"});
    build(directory, "empty", ":", {"-Zxz"});
    Contents ours;
    for (const char* name : {"one", "two", "three", "four", "empty"})
        add_ours(ours, directory / ("debs/" + std::string(name) + ".deb"));
    CHECK(ours.size() > 10);
    CHECK(ours == theirs(directory / "debs"));
}

TEST_CASE("real packages have the paths of apt-ftparchive") {
    const char* corpus = std::getenv("REPOTOOL_TEST_CORPUS");  // a directory of .deb files
    if (corpus == nullptr) return;
    Contents ours;
    for (const auto& name : base::split(output_of({"ls", corpus}), '\n')) {
        if (name.ends_with(".deb")) add_ours(ours, std::string(corpus) + "/" + name);
    }
    CHECK(ours.size() > 100);
    CHECK((ours == theirs(corpus)));
}

TEST_CASE("the qualified name of a package is its section and its name") {
    const TemporaryDirectory directory;
    const auto name_with = [&](const std::string& more) {
        write_file(directory / "x.deb", deb_with_control(good_control(more)));
        return read(directory / "x.deb").index.at("Contents").after;
    };
    CHECK(name_with("Section: net\n") == "net/hello");
    CHECK(name_with("Section: contrib/net\n") == "contrib/net/hello");
    CHECK(name_with("") == "hello");
    CHECK(name_with("Section:\n") == "hello");
    CHECK(name_with("Section: net/\n") == "net/hello");
    CHECK(name_with("Section: a,b/evil\n") == "hello");
    CHECK(name_with("Section: a\n usr/bin/x evil\n") == "hello");
}

TEST_CASE("the list is only made where it is wanted, and packages without data have an empty one") {
    const TemporaryDirectory directory;
    CHECK(read_bytes(directory, deb_with_control(good_control())).index.count("Contents") == 0);
    CHECK(paths_of(deb_with_control(good_control())).empty());
    CHECK(paths_of(deb_with_data(tar_archive({}))).empty());
}

TEST_CASE("paths are sorted, each once, without what stands before them, and as UTF-8") {
    CHECK(paths_of(deb_with_data(tar_archive({{"./b", "x"},
                                              {"/a/c", "x"},
                                              {"./b", "y"},
                                              {".//./d", ""},
                                              {"./a/", "", '5'},
                                              {"./dir", "", '5'}}))) == "a/c\nb\nd\n");
    CHECK(paths_of(
              deb_with_data(tar_archive({{"./\xe9t\xe9", ""}, {"./\xc3\xa4", ""}, {"./two\nlines", ""}}))) ==
          "\xc3\xa4\n\xc3\xa9t\xc3\xa9\n");
}

TEST_CASE("data of old packages is read, too") {
    const std::string tar = tar_archive({{"./a", "x"}, {"./b", std::string(100000, 'y')}});
    CHECK(paths_of(deb_with_data(output_of({"bzip2"}, tar), ".bz2")) == "a\nb\n");
    CHECK(paths_of(deb_with_data(output_of({"xz", "--format=lzma"}, tar), ".lzma")) == "a\nb\n");
}

TEST_CASE("data that is damaged, cut off or no archive is refused where its paths are wanted") {
    const std::string tar = tar_archive({{"./a", std::string(5000, 'x')}, {"./b", std::string(5000, 'y')}});
    const std::string xz = compressed(tar, "xz");
    CHECK_THAT(refusal_of(deb_with_data(xz.substr(0, xz.size() / 2), ".xz")), Catch::Contains("data.tar"));
    CHECK_THAT(refusal_of(deb_with_data("no archive at all", ".gz")),
               Catch::Contains("data.tar: its gzip data is damaged"));
    CHECK_THAT(refusal_of(deb_with_data(std::string(4096, 'z'))), Catch::Contains("data.tar"));
    CHECK_THAT(refusal_of(deb_with_data(tar.substr(0, 3000))), Catch::Contains("data.tar"));
    CHECK_THAT(refusal_of(deb_with_data(tar, ".bz2")),
               Catch::Contains("accepted"));  // libarchive tells by the bytes
    std::string names;
    for (int i = 0; i < 200; ++i)
        names += tar_entry({"././@LongLink", std::string(200 << 10U, 'n'), 'L'}) + tar_entry({"x", ""});
    CHECK_THAT(refusal_of(deb_with_data(compressed(names, "gzip"), ".gz")),
               Catch::Contains("longer than 32 MiB together"));
}
