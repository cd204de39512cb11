// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/package_reader.hpp"

#include <rpm/rpmmacro.h>
#include <stdlib.h>

#include <catch2/catch.hpp>

#include "core/base/worker.hpp"
#include "core/formats/rpm/identity.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "core/formats/rpm/repomd_writer.hpp"
#include "tests/unit/formats/rpm/createrepo_comparison.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

// Fifteen entries, the newest five of one day; the author of the newest has blanks after it.
constexpr const char* kChangelog = R"(
%changelog
* Mon Nov 20 2023 Ann <ann@example.org> - 5
- fifth of the day, with <tags> & "quotes"
* Mon Nov 20 2023 Bob <bob@example.org>
- fourth of the day
* Mon Nov 20 2023 Ann <ann@example.org>
- third of the day
* Mon Nov 20 2023 Ann <ann@example.org>
- second of the day
* Mon Nov 20 2023 Ann <ann@example.org>
- first of the day
* Fri Nov 17 2023 Ann
- tenth
* Thu Nov 16 2023 Ann
- ninth
* Thu Nov 16 2023 Ann
- eighth
* Tue Nov 14 2023 Ann
- seventh
* Mon Nov 13 2023 Ann
- sixth
* Fri Nov 10 2023 Ann
- fifth
* Fri Nov 10 2023 Ann
- fourth
)";

const std::string kRichSpec = std::string(R"(
Name: rich
Epoch: 2
Version: 1.0~rc1^git2
Release: 3.el9
Summary: Less < more > & "double" 'single' — ünïcode
Summary(de): Ein Paket
License: MIT AND "quoted" & <odd>
URL: https://example.org/?a=1&b=2
Packager: Me <me@example.org>
Vendor: Example & Sons
Group: Development/Tools
Source0: package.tar
%description
First line with <tags> & "quotes".

  Indented	with a tab; ]]> and a last line.
%description -l de
Beschreibung
%package -n rich-data
Summary: Data of rich
BuildArch: noarch
%description -n rich-data
No binary here.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/rich %{buildroot}/usr/share/rich/'with space & <sign>' \
  %{buildroot}/var/log %{buildroot}/usr/lib
cp /bin/true %{buildroot}/usr/bin/rich
echo a > %{buildroot}/etc/rich/rich.conf
echo b > %{buildroot}/usr/share/rich/'with space & <sign>'/ümlaut
touch %{buildroot}/var/log/rich.log %{buildroot}/etc/rich/state
ln -s ../bin/rich %{buildroot}/usr/lib/sendmail
%pre
exit 0
%post
exit 0
%preun
exit 0
%postun
exit 0
%files
%dir /etc/rich
%config(noreplace) /etc/rich/rich.conf
%ghost /etc/rich/state
%ghost /var/log/rich.log
%attr(4755,root,root) /usr/bin/rich
/usr/lib/sendmail
%files -n rich-data
%dir /usr/share/rich
/usr/share/rich/*
)") + kChangelog;

// A package of that name with these lines in its preamble and nothing inside.
std::string empty_spec(const std::string& name, const std::string& preamble) {
    return "Name: " + name + "\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n" +
           preamble + "\n%description\nd\n%files\n";
}

}  // namespace

TEST_CASE("every index says about a package what createrepo_c says, byte for byte in meaning") {
    const TemporaryDirectory directory;
    const auto built = build_packages(kRichSpec, directory.path());
    REQUIRE(built.size() == 3);
    check_equals_createrepo(directory.path());
}

TEST_CASE("texts in Latin-1 become UTF-8 as createrepo_c makes them") {
    const TemporaryDirectory directory;
    const auto built = build_packages(
        "Name: latin\nVersion: 1\nRelease: 1\nSummary: Gr\xfc\xdf\x65 f\xfcr \xe9t\xe9\nLicense: "
        "MIT\nBuildArch: noarch\n"
        "Packager: J\xf6rg \x93\x94\nProvides: gr\xfcn\n%description\nna\xefve \x80\x9f caf\xe9\n"
        "%install\nmkdir -p %{buildroot}/etc\ntouch %{buildroot}/etc/caf\xe9\n%files\n/etc/caf\xe9\n"
        "%changelog\n* Mon Nov 20 2023 J\xf6rg <j@example.org> - 1\n- \xc4nderung\n",
        directory.path());
    check_equals_createrepo(directory.path());
    CHECK(read(path_ending(built, ".noarch.rpm")).index.at("other").before.find("Jörg") != std::string::npos);
}

TEST_CASE("control characters in a description are left out, so that its index stays XML") {
    const auto package = read_bytes(forge(hello_package(), "It greets", "I\x01 \x1f\xef\xbf\xbfts"));
    CHECK(package.index.at("primary").before.find("<description>I ts.<") != std::string::npos);
    CHECK(read_entries("primary", package.index.at("primary").before + package.index.at("primary").after)
              .size() == 1);
}

TEST_CASE("a binary package knows its version, file name and source package") {
    const TemporaryDirectory directory;
    const auto built = build_packages(kRichSpec, directory.path());
    const auto binary = read(path_ending(built, ".x86_64.rpm"));
    CHECK(binary.format == Format::rpm);
    CHECK(binary.name == "rich");
    CHECK(binary.version == "2:1.0~rc1^git2-3.el9");
    CHECK(binary.architecture == "x86_64");
    CHECK(binary.file_name == "rich-1.0~rc1^git2-3.el9.x86_64.rpm");
    CHECK(binary.source == "rich");
    CHECK(binary.source_version == "1.0~rc1^git2-3.el9");
    CHECK(binary.kind == formats::PackageKind::binary);
    CHECK_FALSE(binary.any_architecture);
    const auto data = read(path_ending(built, ".noarch.rpm"));
    CHECK(data.name == "rich-data");
    CHECK(data.source == "rich");
    CHECK(data.any_architecture);
}

TEST_CASE("debug packages are known by the names that rpmbuild gives them") {
    for (const auto* name :
         {"hello-debuginfo", "hello-debugsource", "hello-libs-debuginfo", "kernel-debuginfo-common-x86_64"}) {
        CHECK(is_debug_package(name));
    }
    for (const auto* name :
         {"hello", "hello-debug", "debuginfo", "elfutils-debuginfod", "hello-debuginfo-tools"}) {
        CHECK_FALSE(is_debug_package(name));
    }
    const TemporaryDirectory directory;
    const auto built = build_packages(empty_spec("hello-debuginfo", ""), directory.path());
    CHECK(read(path_ending(built, ".noarch.rpm")).kind == PackageKind::debug);
    CHECK(read(path_ending(built, ".src.rpm")).kind == PackageKind::source);
}

TEST_CASE("a source package has the architecture src, or nosrc when sources are left out") {
    const auto source = read_bytes(hello_source_package());
    CHECK(source.kind == formats::PackageKind::source);
    CHECK(source.architecture == "src");
    CHECK(source.file_name == "hello-1.0-1.src.rpm");
    CHECK(source.source == "hello");
    CHECK(source.source_version == "1.0-1");
    CHECK(source.version == "1.0-1");

    const TemporaryDirectory directory;
    const auto built =
        build_packages(empty_spec("partial", "Source0: package.tar\nNoSource: 0"), directory.path());
    const auto partial = read(path_ending(built, ".nosrc.rpm"));
    CHECK(partial.kind == formats::PackageKind::source);
    CHECK(partial.architecture == "nosrc");
    CHECK(partial.file_name == "partial-1-1.nosrc.rpm");
    check_equals_createrepo(directory.path());
}

TEST_CASE("the location goes between the two parts of a primary text and nowhere else") {
    const auto package = read_bytes(hello_package());
    const auto& primary = package.index.at("primary");
    CHECK(primary.before.ends_with("<location href=\""));
    CHECK(primary.after.starts_with("\"/>\n"));
    CHECK(primary.after.ends_with("</package>\n"));
    CHECK(package.index.at("filelists").after.empty());
    CHECK(package.index.at("other").after.empty());
}

TEST_CASE("the text of a package does not depend on the environment") {
    const TemporaryDirectory directory;
    const auto built = build_packages(kRichSpec, directory.path());
    setenv("LANGUAGE", "de", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    const auto package = read(path_ending(built, ".x86_64.rpm"));
    unsetenv("LANGUAGE");
    unsetenv("LANG");
    CHECK(package.index.at("primary").before.find("Ein Paket") == std::string::npos);
}

TEST_CASE("no configuration of the user is read") {
    const TemporaryDirectory home;
    home.write(".rpmmacros", "%_repotool_test_macro loaded\n");
    const std::string before = getenv("HOME") != nullptr ? getenv("HOME") : "";
    setenv("HOME", home.path().c_str(), 1);
    prepare_reader();
    read_bytes(hello_package());
    char* expanded = rpmExpand("%{?_repotool_test_macro}", nullptr);
    setenv("HOME", before.c_str(), 1);
    CHECK(std::string(expanded).empty());
    free(expanded);
}

TEST_CASE("a confined worker process reads packages") {
    const TemporaryDirectory directory;
    const auto path = directory.write("hello.rpm", hello_package());
    prepare_reader();
    std::string name;
    base::run_in_workers(
        1, 1, [&](std::size_t) { return read(path).name; },
        [&](std::size_t, const base::WorkerAnswer& answer) { name = answer.bytes.value_or(answer.failure); });
    CHECK(name == "hello");
}

TEST_CASE("signing a package changes its digest and not its content") {
    const TemporaryDirectory directory;
    const auto path = directory.write("hello.rpm", hello_package());
    const auto home = "GNUPGHOME=" + directory.path().string();
    run({"gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
         "--quick-generate-key", "Tester <tester@example.org>", "rsa2048", "sign", "never"},
        {home});
    const auto unsigned_package = read(path);
    run({"rpmsign", "--addsign", "--define", "__gpg /usr/bin/gpg", "--define", "_gpg_name tester@example.org",
         "--define", "_gpg_path " + directory.path().string(), path},
        {home, "HOME=" + directory.path().string()});
    run({"gpgconf", "--kill", "all"}, {home});
    run({"gpgconf", "--remove-socketdir"}, {home});
    const auto signed_package = read(path);
    CHECK(signed_package.sha256 != unsigned_package.sha256);
    CHECK(signed_package.content_id == unsigned_package.content_id);
    CHECK(unsigned_package.content_id != read_bytes(hello_source_package()).content_id);
}

TEST_CASE("a package of ten thousand files and a changelog of megabytes is read") {
    const TemporaryDirectory directory;
    std::string changelog = "%changelog\n";
    for (int i = 0; i < 20; ++i) {
        changelog += "* Mon Nov 20 2023 A <a@b.c> - 1\n- " + std::string(250'000, 'x') + "\n";
    }
    const auto built = build_packages(
        "Name: large\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n"
        "%description\nd\n%install\nmkdir -p %{buildroot}/opt/large\n"
        "cd %{buildroot}/opt/large && seq -f 'file-%.0f' 10000 | xargs touch\n"
        "%files\n/opt/large\n" +
            changelog,
        directory.path());
    const auto package = read(path_ending(built, ".noarch.rpm"));
    CHECK(package.index.at("filelists").before.find("/opt/large/file-10000<") != std::string::npos);
    CHECK(package.index.at("other").before.size() > 2'500'000);
    check_equals_createrepo(directory.path());
}

}  // namespace repotool::formats::rpm::testing
