// SPDX-License-Identifier: GPL-3.0-or-later
// Source packages are made with dpkg-source; stanzas are compared with those of apt-ftparchive, byte for
// byte.
#include "core/formats/deb/source_reader.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/upload_control.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb;
using namespace repotool::formats::deb::testing;
using formats::Package;

namespace {

// Makes NAME_VERSION.dsc and its files in the working directory; `orig` is an upstream tarball with a
// signature.
constexpr const char* kBuild = R"(
set -e; cd "$1"; format=$2; version=$3
mkdir -p hello/debian/source; cd hello
printf 'hello (%s) unstable; urgency=low\n\n  * Made.\n\n -- T <t@example.org>  Wed, 15 Nov 2023 00:00:00 +0000\n' "$version" >debian/changelog
printf '%s\n' "$format" >debian/source/format
printf 'Source: hello\nSection: misc\nPriority: optional\nMaintainer: J\303\274rgen <j@example.org>\nBuild-Depends: debhelper-compat (= 13), foo [amd64] <!nocheck>\nStandards-Version: 4.6.2\nHomepage: https://example.org/\nVcs-Git: https://example.org/hello.git\nTestsuite: autopkgtest\nX-Custom: kept\n\nPackage: hello\nArchitecture: any\nDescription: x\n long\n\nPackage: hello-doc\nArchitecture: all\nSection: doc\nDescription: y\n long\n' >debian/control
printf '#!/usr/bin/make -f\n' >debian/rules; chmod +x debian/rules
cd ..
case $format in 3.0*native*) ;; *)
  mkdir up; echo upstream >up/file; tar -C up -czf hello_1.0.orig.tar.gz --transform 's,^\.,hello-1.0,' .; cp up/file hello/
  [ "$format" = 1.0 ] || echo signature >hello_1.0.orig.tar.gz.asc ;;
esac
said=$(dpkg-source --build hello 2>&1) || { echo "$said" >&2; exit 1; }
rm -rf hello up
)";

struct SourcePackage {
    std::string dsc;
    SourceFiles files;
};

class Builder {
public:
    SourcePackage build(const std::string& format, const std::string& version) {
        ++count_;
        const std::string directory = directory_ / std::to_string(count_);
        write_file(directory + "/.keep", "");
        output_of({"sh", "-c", kBuild, "sh", directory, format, version});
        return load(directory);
    }
    SourcePackage load(const std::string& directory) {
        SourcePackage package;
        for (const std::string& name : base::split(output_of({"ls", directory}), '\n')) {
            if (name.empty()) continue;
            if (name.ends_with(".dsc"))
                package.dsc = directory + "/" + name;
            else
                package.files[name] = digests_of(read_file(directory + "/" + name));
        }
        return package;
    }

private:
    TemporaryDirectory directory_;
    int count_ = 0;
};

Package read(const SourcePackage& source) {
    return read_source(source.dsc, digests_of(read_file(source.dsc)), source.files, "hello.dsc");
}

std::string directory_of(const SourcePackage& source) {
    return source.dsc.substr(0, source.dsc.rfind('/'));
}

std::string stanza_of(const Package& package, const std::string& location) {
    const formats::IndexText& text = package.index.at("Sources");
    return text.before + location + text.after;
}

void check_against_apt_ftparchive(const SourcePackage& source) {
    CHECK(stanza_of(read(source), directory_of(source)) ==
          output_of({"apt-ftparchive", "sources", directory_of(source)}));
}

std::string refusal_of(const SourcePackage& source) {
    try {
        read(source);
        return "accepted";
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        return error.what();
    }
}

// The same package, after a change of the text of its .dsc.
SourcePackage edited(const SourcePackage& source, const std::string& from, const std::string& to) {
    std::string text = read_file(source.dsc);
    const std::size_t place = text.find(from);
    REQUIRE(place != std::string::npos);
    write_file(source.dsc, text.replace(place, from.size(), to));
    return source;
}

}  // namespace

TEST_CASE("a source package's stanza is the one of apt-ftparchive, whatever its format") {
    Builder builder;
    check_against_apt_ftparchive(builder.build("3.0 (native)", "1.0"));
    check_against_apt_ftparchive(builder.build("3.0 (quilt)", "1.0-1"));
    check_against_apt_ftparchive(builder.build("1.0", "1.0-1"));
    check_against_apt_ftparchive(builder.build("3.0 (quilt)", "2:1.0-1~bpo1"));
}

TEST_CASE("real source packages have the stanza of apt-ftparchive") {
    const char* corpus = std::getenv("REPOTOOL_TEST_SOURCES");  // a directory of source packages
    if (corpus == nullptr) return;
    const std::string theirs = output_of({"apt-ftparchive", "sources", corpus});
    for (const std::string& name : base::split(output_of({"ls", corpus}), '\n')) {
        if (!name.ends_with(".dsc")) continue;
        CAPTURE(name);
        const std::string path = std::string(corpus) + "/" + name;
        const std::string text = read_file(path);
        SourcePackage source{path, {}};
        for (const auto& file : read_upload_control(text, UploadKind::source, name).files)
            source.files[file.name] = digests_of(read_file(std::string(corpus) + "/" + file.name));
        const std::string stanza = stanza_of(read(source), corpus);
        CHECK(theirs.find(stanza) != std::string::npos);
    }
}

TEST_CASE("a source package's stanza is the one of apt-ftparchive, whatever fields its .dsc has") {
    Builder builder;
    for (const char* more :
         {"Priority: extra\n", "Section: games\n", "Status: x\n", "DIRECTORY: evil\n", "Package: other\n",
          "X-Foo:\n a\n b\n", "Class: x\nPriority: y\n", "Dgit: 123 master\n", "Testsuite-Triggers: a\n",
          "Description: a\n b\n", "Origin: o\nBugs: b\nExtra-Source-Only: yes\nAutobuild: yes\n",
          "Build-Depends-Indep: a\nBuild-Conflicts: b\nBinary-Only: yes\nUploaders: a <b@c>, d <e@f>\n"}) {
        CAPTURE(more);
        check_against_apt_ftparchive(
            edited(builder.build("3.0 (native)", "1.0"), "Version:", more + std::string("Version:")));
    }
}

TEST_CASE("a .dsc that gives one kind of digest only gets the others") {
    Builder builder;
    SourcePackage source = builder.build("3.0 (native)", "1.0");
    std::string text = read_file(source.dsc);
    const std::size_t files = text.find("Files:\n");
    const std::size_t sha1 = text.find("Checksums-Sha1:\n");
    text = text.substr(0, sha1) +
           text.substr(text.find("Checksums-Sha256:\n"), files - text.find("Checksums-Sha256:\n"));
    const std::string whole = stanza_of(read(source), "x");
    write_file(source.dsc, text);
    const std::string digest = read(source).sha256;
    CHECK(base::split(stanza_of(read(source), "x"), '\n').size() == base::split(whole, '\n').size());
    CHECK(digest == digests_of(text).sha256);
}

TEST_CASE("a source package's own fields are filled in for the store") {
    Builder builder;
    const SourcePackage source = builder.build("3.0 (quilt)", "1:1.0-1");
    const Package package = read(source);
    CHECK(package.format == formats::Format::deb);
    CHECK(package.kind == formats::PackageKind::source);
    CHECK(package.name == "hello");
    CHECK(package.version == "1:1.0-1");
    CHECK(package.architecture == "source");
    CHECK(package.source == "hello");
    CHECK(package.source_version == "1:1.0-1");
    CHECK(package.file_name == "hello_1.0-1.dsc");
    CHECK(package.sha256 == digests_of(read_file(source.dsc)).sha256);
    CHECK(package.size == read_file(source.dsc).size());
    CHECK_FALSE(package.any_architecture);
    REQUIRE(package.files.size() == 3);
    CHECK(package.files[0].name == "hello_1.0-1.debian.tar.xz");
    CHECK(package.files[1].name == "hello_1.0.orig.tar.gz");
    CHECK(package.files[2].name == "hello_1.0.orig.tar.gz.asc");
    CHECK(package.files[2].sha256 == digests_of("signature\n").sha256);
    CHECK(formats::package_from_bytes(formats::to_bytes(package)).files.size() == 3);
}

TEST_CASE("a source package whose files are not what its .dsc says is refused") {
    Builder builder;
    SourcePackage other = builder.build("3.0 (native)", "1.0");
    other.files.begin()->second = digests_of("other");
    CHECK_THAT(refusal_of(other), Catch::Contains("has 5 bytes, expected"));
    SourcePackage missing = builder.build("3.0 (native)", "1.0");
    missing.files.clear();
    CHECK_THAT(refusal_of(missing), Catch::Contains("'hello_1.0.tar.xz' is missing"));
    SourcePackage wrong = builder.build("3.0 (native)", "1.0");
    wrong.files.begin()->second.sha1 = std::string(40, '0');
    CHECK_THAT(refusal_of(wrong), Catch::Contains("another digest than Checksums-Sha1 says"));
}

TEST_CASE("a .dsc that is hostile or not complete is refused") {
    Builder builder;
    struct Case {
        std::string from, to, reason;
    };
    for (const Case& bad : std::vector<Case>{
             {"Format: 3.0 (native)\n", "", "no field Format"},
             {"Source: hello\n", "", "no field Source"},
             {"Source: hello\n", "Source: ../hello\n", "not allowed as Source"},
             {"Version: 1.0\n", "Version: 1/../0\n", "not allowed as Version"},
             {"Version: 1.0\n", "Version: 1.0\nversion: 2.0\n", "the field version twice"},
             {"Checksums-Sha256:", "X-Sha256:", "no field Checksums-Sha256"},
             {"Files:\n", "Files:\n d41d8cd98f00b204e9800998ecf8427e 0 hello_x\n",
              "'hello_x' is missing in Checksums-Sha256"},
             {"Format:", "-----BEGIN PGP SIGNED MESSAGE-----\nFormat:", "header other than Hash"},
             {"Format:", "\nFormat:", "does not start with a field"},
             {"Format:", "A: b\n\nFormat:", "more than one stanza"}}) {
        CAPTURE(bad.to);
        CHECK_THAT(refusal_of(edited(builder.build("3.0 (native)", "1.0"), bad.from, bad.to)),
                   Catch::Contains(bad.reason));
    }
    for (const char* name : {"../hello_1", "/etc/passwd", ".hello_1", "hello_1/x", "other_1.tar.gz",
                             "hello_2_all.deb", "hello_1.0.dsc", "hello_$(x)"}) {
        CAPTURE(name);
        SourcePackage source = builder.build("3.0 (native)", "1.0");
        std::string text = read_file(source.dsc);
        for (std::size_t at = 0; (at = text.find("hello_1.0.tar.xz", at)) != std::string::npos;)
            text.replace(at, 16, name);
        write_file(source.dsc, text);
        source.files[name] = source.files.at("hello_1.0.tar.xz");
        CHECK_THAT(refusal_of(source), Catch::Contains("is not allowed as a file's name") ||
                                           Catch::Contains("does not begin with") ||
                                           Catch::Contains("is no part of a source package"));
    }
}
