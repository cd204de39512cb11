// SPDX-License-Identifier: GPL-3.0-or-later
// Stanzas are compared with those of apt-ftparchive, byte for byte.
#include "core/formats/deb/package_reader.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb::testing;
using formats::Package;

namespace {

Package read_path(const std::string& path) {
    return formats::deb::read_package(path, digests_of(read_file(path)), "test.deb");
}

std::string stanza_of(const Package& package, const std::string& location) {
    const formats::IndexText& text = package.index.at("Packages");
    return text.before + location + text.after;
}

// The stanza of the package at `path` is the one that apt-ftparchive writes for it.
void check_against_apt_ftparchive(const std::string& path) {
    CHECK(stanza_of(read_path(path), path) == output_of({"apt-ftparchive", "packages", path}));
}

const std::string kRichControl =
    "Package: hello\n"
    "Source: greetings (2:3.1-4)\n"
    "Version: 1:2.0~rc1+b2-0.1\n"
    "ARCHITECTURE: amd64\n"
    "essential: yes\n"
    "Multi-Arch: foreign\n"
    "X-Custom:   three blanks before, blanks after   \n"
    "Built-Using: gcc-12 (= 12.2.0-14), glibc (= 2.36-9)\n"
    "Maintainer: J\xc3\xbcrgen <j@example.org>\n"
    "Depends: libc6 (>= 2.36), default-mta | mail-transport-agent,\n"
    " python3:any\n"
    "Provides: greeter (= 2.0)\n"
    "priority:    optional\n"
    "section : utils\n"
    "Conffiles:\n"
    " /etc/hello.conf 0123456789abcdef0123456789abcdef\n"
    "Installed-Size: 12\n"
    "filename: ../../evil\n"
    "Size: 1\n"
    "md5SUM: 0\n"
    "Status: install ok installed\n"
    "Tag: role::program,\n"
    "\tinterface::commandline\n"
    "Homepage: https://example.org/\n"
    "Empty-Field:\n"
    "Description: greets people\n"
    " A longer text.\n"
    " .\n"
    "   * with a list\n";

}  // namespace

TEST_CASE("a package's stanza is the one of apt-ftparchive, whatever compressed it") {
    const TemporaryDirectory directory;
    const std::string path = directory / "package.deb";
    for (const char* compressor : {"none", "gzip", "xz", "zstd"}) {
        CAPTURE(compressor);
        build_with_dpkg(path, kRichControl, {std::string("-Z") + compressor});
        check_against_apt_ftparchive(path);
    }
    build_with_dpkg(path, kRichControl, {"-Zxz", "-z9"});
    check_against_apt_ftparchive(path);
}

TEST_CASE("a package's stanza is the one of apt-ftparchive, whatever fields it has") {
    const TemporaryDirectory directory;
    const std::string path = directory / "package.deb";
    for (const char* more :
         {"", "Source: hello\n", "Source: other\n", "Priority:\nSection: \n", "Section:\n net\n",
          "Bugs:\nTask: x\n", "Description-md5: 0123456789abcdef0123456789abcdef\n",
          "Optional: foo\nSuggests: bar\n", "Essential: no\n", "x-lower: 1\nX-UPPER: 2\n",
          "MSDOS-Filename: hello.deb\n", "Filename: a\nSize: b\nSHA512: c\n",
          "Phased-Update-Percentage: 10\nProtected: yes\nKernel-Version: 6.1\n", "Status: x\n\n\n",
          "Depends: a,\n b (>= 1) | c:any,\n d\n"}) {
        CAPTURE(more);
        build_with_dpkg(path, good_control(more));
        check_against_apt_ftparchive(path);
    }
}

TEST_CASE("a control archive in the other forms that builders write is read as apt-ftparchive reads it") {
    const TemporaryDirectory directory;
    const std::string path = directory / "package.deb";
    const std::string control = good_control();

    const std::vector<std::string> archives{
        tar_archive({{"control", control}}),
        tar_archive({{"./", "", '5'}, {"./control", control, '\0'}, {"./postinst", "#!/bin/sh\n"}}),
        tar_archive({{"./md5sums", std::string(100000, 'x')}, {"./control", control}}),
        tar_archive({{"./PaxHeaders/control", "21 mtime=123456789.5\n", 'x'}, {"./control", control}}),
        tar_entry({"./control", control}) + std::string(512, '\0'),
        tar_archive({{"./control", control}}) + std::string(8192, '\0'),
    };
    for (const std::string& archive : archives) {
        for (const char* tool : {"none", "gzip", "xz", "zstd"}) {
            CAPTURE(tool, archive.size());
            write_file(path, deb_with_control_tar(archive, tool));
            // apt-ftparchive writes one more empty line after its warning about a pax header.
            const std::string expected(base::trim(output_of({"apt-ftparchive", "packages", path})));
            CHECK(base::trim(stanza_of(read_path(path), path)) == expected);
        }
    }
}

TEST_CASE("signatures in members that begin with an underscore do not matter") {
    const TemporaryDirectory directory;
    const std::string control = compressed(tar_archive({{"./control", good_control()}}), "xz");
    const std::string bytes = ar_archive({{"debian-binary", "2.1\nmore\n"},
                                          {"_before", "x"},
                                          {"control.tar.xz/", control},
                                          {"_between", ""},
                                          {"data.tar.lzma", "x"},
                                          {"_gpgorigin", "signature"}});
    CHECK(read_bytes(directory, bytes).name == "hello");
}

TEST_CASE("a package's own fields are filled in for the store") {
    const TemporaryDirectory directory;
    const std::string path = directory / "package.deb";
    build_with_dpkg(path, kRichControl);
    const Package package = read_path(path);
    CHECK(package.format == formats::Format::deb);
    CHECK(package.name == "hello");
    CHECK(package.version == "1:2.0~rc1+b2-0.1");
    CHECK(package.architecture == "amd64");
    CHECK(package.source == "greetings");
    CHECK(package.source_version == "2:3.1-4");
    CHECK(package.file_name == "hello_2.0~rc1+b2-0.1_amd64.deb");
    CHECK(package.size == read_file(path).size());
    CHECK(package.sha256 == output_of({"sha256sum", path}).substr(0, 64));
    CHECK(package.content_id == package.sha256);
    CHECK(package.kind == formats::PackageKind::binary);
    CHECK_FALSE(package.any_architecture);
}

TEST_CASE("a package without a Source field is its own source") {
    const TemporaryDirectory directory;
    const Package package = read_bytes(directory, deb_with_control(good_control()));
    CHECK(package.source == "hello");
    CHECK(package.source_version == "1.0-1");
    CHECK(package.any_architecture);
    CHECK(read_bytes(directory, deb_with_control(good_control("Source: other\n"))).source_version == "1.0-1");
}

TEST_CASE("packages of the installer and debug symbols are known, whatever their file is called") {
    using formats::PackageKind;
    const TemporaryDirectory directory;
    const auto read = [&](const std::string& more, const std::string& name = "hello") {
        std::string control = good_control(more);
        control.replace(control.find("hello"), 5, name);
        return read_bytes(directory, deb_with_control(control));
    };
    CHECK(read("Package-Type: udeb\n").kind == PackageKind::udeb);
    CHECK(read("Package-Type: udeb\n").file_name == "hello_1.0-1_all.udeb");
    CHECK(read("Package-Type: deb\n").kind == PackageKind::binary);
    CHECK(read("Auto-Built-Package: debug-symbols\n").kind == PackageKind::debug);
    CHECK(read("Section: debug\n", "hello-dbgsym").kind == PackageKind::debug);
    CHECK(read("Section: contrib/debug\n", "hello-dbgsym").file_name == "hello-dbgsym_1.0-1_all.deb");
    CHECK(read("Section: contrib/debug\n", "hello-dbgsym").kind == PackageKind::debug);
    CHECK(read("Section: debug\n", "hello-dbg").kind == PackageKind::binary);
    CHECK(read("Section: utils\n", "hello-dbgsym").kind == PackageKind::binary);
}

TEST_CASE("the path of a package goes between the two parts of its stanza") {
    const TemporaryDirectory directory;
    const Package package = read_bytes(directory, deb_with_control(good_control()));
    const formats::IndexText& text = package.index.at("Packages");
    CHECK(text.before.ends_with("\nFilename: "));
    CHECK(text.after.starts_with("\nSize: "));
    CHECK(text.after.ends_with("greets\n\n"));
}

TEST_CASE("Latin-1 becomes UTF-8, field by field, and survives JSON") {
    const TemporaryDirectory directory;
    const std::string more = "X-Latin: M\xfcller \xe9t\xe9\nX-Utf: M\xc3\xbcller\n";
    const Package package = read_bytes(directory, deb_with_control(good_control(more)));
    const std::string& after = package.index.at("Packages").after;
    CHECK(after.find("X-Latin: M\xc3\xbcller \xc3\xa9t\xc3\xa9\n") != std::string::npos);
    CHECK(after.find("X-Utf: M\xc3\xbcller\n") != std::string::npos);
    CHECK(formats::package_from_bytes(formats::to_bytes(package)).index.at("Packages").after == after);
}

TEST_CASE("packages are read in a worker that can do nothing else") {
    const TemporaryDirectory directory;
    std::vector<std::string> paths;
    for (const char* compressor : {"none", "gzip", "xz", "zstd"}) {
        paths.push_back(directory / compressor);
        build_with_dpkg(paths.back(), kRichControl, {std::string("-Z") + compressor});
    }
    std::size_t answers = 0;
    base::run_in_workers(
        paths.size(), 1, [&paths](std::size_t i) { return formats::to_bytes(read_path(paths[i])); },
        [&](std::size_t, const base::WorkerAnswer& answer) {
            INFO(answer.failure);
            REQUIRE(answer.bytes);
            CHECK(formats::package_from_bytes(*answer.bytes).name == "hello");
            ++answers;
        });
    CHECK(answers == paths.size());
}
