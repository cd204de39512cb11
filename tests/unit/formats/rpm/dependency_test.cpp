// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "tests/unit/formats/rpm/createrepo_comparison.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

constexpr std::uint32_t kRequireFlags = 1048;  // rpm/rpmtag.h

// A noarch package with these lines in its preamble, and after it.
std::string spec_with(const std::string& preamble, const std::string& rest = "%files\n") {
    return "Name: deps\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\nAutoReqProv: "
           "no\n" +
           preamble + "\n%description\nd\n" + rest;
}

Package build_and_read(const std::string& spec, const TemporaryDirectory& directory) {
    return read(path_ending(build_packages(spec, directory.path()), ".noarch.rpm"));
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("each kind of dependency is written as createrepo_c writes it") {
    const TemporaryDirectory directory;
    const auto package = build_and_read(spec_with(R"(
Provides: virtual = 3:1.2-4, bare, only-version = 7, config(deps) = 1-1, deps = 0.5
Requires: plain, versioned >= 1:2.0-3, less < 2, equal = 4-5, greater > 6, at-most <= 7~rc^1
Requires: (a and (b >= 2 or d)), (c if e else f)
Requires(pre): needed-before, twice
Requires(post): twice >= 2
Requires: twice, twice
Requires(preun): needed-at-removal
Recommends: recommended >= 1, (x or y)
Suggests: suggested
Supplements: (deps and gui)
Enhances: enhanced < 3
Conflicts: conflicting < 1:0
Obsoletes: obsoleted <= 9
Requires: virtual = 3:1.2-4, bare, deps = 0.5, deps = 0.6
)"),
                                        directory);
    check_equals_createrepo(directory.path());
    CHECK(package.index.at("primary").after.find("<rpm:supplements>") != std::string::npos);
}

TEST_CASE("only the highest libc.so.6 stays, at the end") {
    const TemporaryDirectory directory;
    const auto package = build_and_read(
        spec_with(
            "Requires: libc.so.6(GLIBC_2.4)(64bit), libc.so.6()(64bit), libc.so.6(GLIBC_PRIVATE)(64bit)\n"
            "Requires: libc.so.6(GLIBC_2.34)(64bit), libc.so.6(GLIBC_2.14)(64bit), libc.so.6, zlib, awk"),
        directory);
    check_equals_createrepo(directory.path());
    const auto& text = package.index.at("primary").after;
    CHECK(count(text, "name=\"libc.so.6") == 1);
    CHECK(text.find("GLIBC_2.34") > text.find("zlib"));

    const TemporaryDirectory other;
    build_packages(spec_with("Requires: libc.so.6()(64bit), libc.so.6(GLIBC_PRIVATE)(64bit), libc.so.6"),
                   other.path());
    check_equals_createrepo(other.path());
}

TEST_CASE("what the package itself has in a primary path is not required") {
    const TemporaryDirectory directory;
    const auto package =
        build_and_read(spec_with("Requires: /usr/bin/own, /usr/share/own, /usr/bin/foreign",
                                 "%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share\n"
                                 "touch %{buildroot}/usr/bin/own "
                                 "%{buildroot}/usr/share/own\n%files\n/usr/bin/own\n/usr/share/own\n"),
                       directory);
    check_equals_createrepo(directory.path());
    CHECK(package.index.at("primary").after.find("name=\"/usr/bin/own\"") == std::string::npos);
    CHECK(package.index.at("primary").after.find("name=\"/usr/share/own\"") != std::string::npos);
}

TEST_CASE("programs of scriptlets around a transaction are needed first, as createrepo_c 1.1.1 has it") {
    const TemporaryDirectory directory;
    const auto package = build_and_read(
        spec_with("Requires(pretrans): before\nRequires(posttrans): after\nRequires(preun): removal"),
        directory);
    const auto& text = package.index.at("primary").after;
    CHECK(text.find("name=\"before\" pre=\"1\"") != std::string::npos);
    CHECK(text.find("name=\"after\" pre=\"1\"") != std::string::npos);
    CHECK(text.find("name=\"removal\"/>") != std::string::npos);
}

TEST_CASE("a requirement that may be missing is a recommendation") {
    constexpr std::uint32_t kMissingOk = 1U << 19U;
    const TemporaryDirectory directory;
    const auto bytes = forge_number(hello_package(), kRequireFlags, 3, kMissingOk | 12U);
    directory.write("hello.rpm", bytes);
    check_equals_createrepo(directory.path());
    CHECK(read_bytes(bytes).index.at("primary").after.find("<rpm:recommends>") != std::string::npos);
}

TEST_CASE("flags that compare nothing and epochs that are no number follow createrepo_c") {
    const TemporaryDirectory odd_flags;
    odd_flags.write("hello.rpm", forge_number(hello_package(), kRequireFlags, 3, 14));
    check_equals_createrepo(odd_flags.path());

    const TemporaryDirectory built;
    build_packages(spec_with("Requires: odd = 1:2-3, even = 12:2-3, none >= 1"), built.path());
    const auto bytes = read_file(built.path() / "deps-1-1.noarch.rpm");
    for (const auto* version : {"x:2-3", "::2-3", "1:2:3", "1:---", "1--23"}) {
        const TemporaryDirectory directory;
        directory.write("deps.rpm", forge(bytes, std::string("1:2-3\0", 6), std::string(version) + '\0'));
        check_equals_createrepo(directory.path());
    }
}

}  // namespace repotool::formats::rpm::testing
