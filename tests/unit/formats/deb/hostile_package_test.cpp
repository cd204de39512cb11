// SPDX-License-Identifier: GPL-3.0-or-later
// Each package here is made to be misread by somebody; all of them are refused, with a reason.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/deb/package_reader.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb::testing;

namespace {

const std::string kControlTar = tar_archive({{"./control", good_control()}});

struct Case {
    std::string bytes;
    std::string reason;  // part of what is said
};

void check_refused(const std::vector<Case>& cases) {
    const TemporaryDirectory directory;
    for (const Case& hostile : cases) {
        CAPTURE(hostile.reason);
        CHECK_THAT(refusal_of(directory, hostile.bytes), Catch::Contains(hostile.reason));
    }
}

// good_control with one of its fields replaced.
std::string control_with(const std::string& name, const std::string& value) {
    std::string control = good_control();
    const std::size_t start = control.find(name + ":");
    REQUIRE(start != std::string::npos);
    return control.replace(start, control.find('\n', start) - start, name + ": " + value);
}

std::string without(const std::string& name) {
    std::string control = good_control();
    const std::size_t start = control.find(name + ":");
    return control.erase(start, control.find('\n', start) + 1 - start);
}

}  // namespace

TEST_CASE("an error names the file as the user knows it, and the part that is bad") {
    const TemporaryDirectory directory;
    try {
        read_bytes(directory, deb_with_control(without("Version")));
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        CHECK(std::string(error.what()) == "cannot read 'test.deb': control: it has no field Version");
    }
}

TEST_CASE("a file that cannot be opened is not the package's fault") {
    const TemporaryDirectory directory;
    try {
        formats::deb::read_package(directory / "missing", {}, "missing.deb");
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::storage);
    }
}

TEST_CASE("containers that are no Debian packages are refused") {
    const std::string data = tar_archive({});
    const ArMember version{"debian-binary", "2.0\n"};
    const ArMember control{"control.tar", kControlTar};
    std::string negative = ar_archive({version, control, {"data.tar", data}});
    negative.replace(8 + 48, 10, "-4        ");
    check_refused({
        {"", "not a Debian package"},
        {"just text\n", "not a Debian package"},
        {"!<arch>\n", "no debian-binary"},
        {ar_archive({control, {"data.tar", data}}), "no debian-binary"},
        {ar_archive({{"_first", ""}, version, control, {"data.tar", data}}), "no debian-binary"},
        {ar_archive({version}), "no control.tar"},
        {ar_archive({version, control}), "no data.tar"},
        {ar_archive({version, {"data.tar", data}, control}), "'data.tar' where control.tar"},
        {ar_archive({version, control, control, {"data.tar", data}}), "'control.tar' where data.tar"},
        {ar_archive({version, version, control, {"data.tar", data}}), "'debian-binary' where control.tar"},
        {ar_archive({version, control, {"data.tar", data}, {"data.tar", data}}), "'data.tar' after data.tar"},
        {ar_archive({version, control, {"data.tar", data}, {"extra", ""}}), "'extra' after data.tar"},
        {ar_archive({version, {"control.tar.bz2", ""}, {"data.tar", data}}), "'control.tar.bz2'"},
        {ar_archive({version, control, {"data.zip", data}}), "'data.zip'"},
        {ar_archive({version, control, {"data.tar", data}}) + "garbage", "garbage at its end"},
        {ar_archive({version, control, {"data.tar", data}}) + std::string(100, 'x'), "garbage at its end"},
        {ar_archive(std::vector<ArMember>(65, {"_x", ""})), "no debian-binary"},
        {negative, "not a number"},
        {ar_archive({{"debian-binary", "3.0\n"}, control, {"data.tar", data}}), "expected 2.0"},
        {ar_archive({{"debian-binary", "2.x\n"}, control, {"data.tar", data}}), "expected 2.0"},
        {ar_archive({{"debian-binary", "2.0"}, control, {"data.tar", data}}), "no complete line"},
        {ar_archive({{"debian-binary", "2.0\n" + std::string(2000, ' ')}, control, {"data.tar", data}}),
         "too long"},
        {"0.939000\n1234\n", "not a Debian package"},
    });
    std::vector<ArMember> many(100, {"_x", ""});
    many.insert(many.begin(), version);
    check_refused({{ar_archive(many), "more than 64 members"}});
}

TEST_CASE("control archives that two readers would read differently are refused") {
    const std::string control = good_control();
    std::string broken_sum = tar_entry({"control", control});
    broken_sum[0] = 'C';
    const std::vector<std::pair<std::string, std::string>> archives{
        {"", "has no end"},
        {std::string(1024, '\0'), "no file 'control'"},
        {tar_archive({{"./postinst", "x"}}), "no file 'control'"},
        {tar_archive({{"./control", control}, {"control", control}}), "two files"},
        {tar_archive({{"./control", control}, {".//./control", control}}), "two files"},
        {tar_archive({{"./control", "", '2'}}), "neither a file nor a directory"},
        {tar_archive({{"./control", "", '1'}}), "neither a file nor a directory"},
        {tar_archive({{"./control", control}, {"./control", "", '2'}}), "neither a file nor a directory"},
        {tar_archive({{"./control", control}, {"./fifo", "", '6'}}), "neither a file nor a directory"},
        {tar_archive({{"./control", "", '5'}}), "not a regular file"},
        {tar_archive({{"./control", control}, {"./control/x", "x"}}), "is a directory"},
        {tar_archive({{".//control", control}}), "is not './control'"},
        {tar_archive({{"./", std::string(512, 'x'), '5'}, {"control", control}}), "has content"},
        {tar_archive({{"../control", control}}), "leaves the archive"},
        {tar_archive({{"./control", control}, {"./../../etc/passwd", "x"}}), "leaves the archive"},
        {tar_archive({{"/control", control}}), "absolute"},
        {tar_archive({{"", control}}), "no name"},
        {tar_archive({{"./", control}}), "a file has no name"},
        {tar_archive({{"././@LongLink", "control", 'L'}, {"x", control}}), "neither a file nor a directory"},
        {tar_archive({{"pax", "16 path=control\n", 'x'}, {"x", control}}), "changes 'path'"},
        {tar_archive({{"pax", "10 size=1\n", 'g'}, {"control", control}}), "changes 'size'"},
        {tar_archive({{"pax", "25 GNU.sparse.name=other\n", 'x'}, {"control", control}}),
         "changes 'GNU.sparse"},
        {tar_archive({{"pax", "99 path=control\n", 'x'}, {"x", control}}), "pax header is damaged"},
        {tar_archive({{"pax", "0 x", 'x'}, {"x", control}}), "pax header is damaged"},
        {tar_archive({{"pax", "x", 'x'}, {"x", control}}), "pax header is damaged"},
        {tar_archive({{"pax", std::string(70000, 'x'), 'x'}, {"x", control}}), "too long"},
        {tar_archive({{"control", control, '0', "x"}}), "is too long"},
        {broken_sum, "checksum is wrong"},
        {tar_archive({{"control", control}}) + tar_entry({"control", control}), "goes on after its end"},
        {tar_entry({"control", control}), "has no end"},
        {tar_entry({"control", control}) + std::string(100, 'x'), "truncated"},
        {tar_entry({"control", control}).substr(0, 600), "truncated"},
        {tar_entry({"postinst", std::string(5000, 'x')}).substr(0, 1024), "truncated"},
    };
    for (const char* tool : {"gzip", "none"}) {
        std::vector<Case> cases;
        for (const auto& [archive, reason] : archives)
            cases.push_back({deb_with_control_tar(archive, tool), reason});
        check_refused(cases);
    }
}

TEST_CASE("bytes after a compressed control archive are refused, and so is an unfinished one") {
    const auto deb = [](const std::string& suffix, const std::string& bytes) {
        return ar_archive({{"debian-binary", "2.0\n"}, {"control.tar" + suffix, bytes}, {"data.tar", ""}});
    };
    for (const auto& [tool, suffix] :
         {std::pair{"gzip", ".gz"}, std::pair{"xz", ".xz"}, std::pair{"zstd", ".zst"}}) {
        CAPTURE(tool);
        const std::string good = compressed(kControlTar, tool);
        const std::string twice = good + good;
        check_refused({{deb(suffix, twice), "bytes after the end"},
                       {deb(suffix, good + "x"), "bytes after the end"},
                       {deb(suffix, ""), "ends too early"},
                       {deb(suffix, "text that is not compressed"), "data"}});
        const TemporaryDirectory directory;
        for (std::size_t size = 0; size < good.size(); ++size) {
            CAPTURE(size);
            CHECK(refusal_of(directory, deb(suffix, good.substr(0, size))) != "accepted");
        }
        CHECK(refusal_of(directory, deb(suffix, good)) == "accepted");
    }
}

TEST_CASE("fields that would become paths keep to their grammar") {
    std::vector<Case> cases;
    const auto add = [&cases](const std::string& field, const std::vector<std::string>& values) {
        for (const std::string& value : values) {
            cases.push_back(
                {deb_with_control(control_with(field, value), "none"), "not allowed as " + field});
        }
    };
    add("Package", {"", "a", "../evil", "a/b", "Hello", ".hello", "-hello", "hel lo", "hel\n lo",
                    "h\xc3\xa4llo", "hello;rm", std::string(256, 'a')});
    add("Version", {"", "1/../../x", "../1", "a1", "1-", "1:", ":1", "x:1", "1 2", "1_2", "1\n 2", "-1",
                    "99999999999:1", "1-1:2", std::string(300, '1')});
    add("Architecture",
        {"", "../x", "a/b", "AMD64", "amd64 arm64", "any", "source", "-x", std::string(100, 'a')});
    for (const char* source :
         {"../x", "a/b", "x y", "hello (1/2)", "hello (1.0", "hello 1.0", "hello ()", "HELLO"}) {
        const std::string control = good_control(std::string("Source: ") + source + "\n");
        cases.push_back({deb_with_control(control, "none"), "not allowed as Source"});
    }
    check_refused(cases);
    const TemporaryDirectory directory;
    build_with_dpkg(directory / "x.deb", control_with("Version", "1/../../x"));
    CHECK_THAT(refusal_of(directory, read_file(directory / "x.deb")),
               Catch::Contains("not allowed as Version"));
}

TEST_CASE("a name, version and architecture that make no file name are refused") {
    std::string control = control_with("Package", std::string(128, 'a'));
    control.replace(control.find("1.0-1"), 5, std::string(150, '1'));
    check_refused({{deb_with_control(control), "too long for a file name"}});
}

TEST_CASE("control files that are not one well-formed stanza are refused") {
    const auto with = [](const std::string& more) { return deb_with_control(good_control(more), "none"); };
    check_refused({
        {deb_with_control("", "none"), "it is empty"},
        {deb_with_control("\n", "none"), "does not start with a field"},
        {deb_with_control("\n" + good_control(), "none"), "does not start with a field"},
        {deb_with_control(" " + good_control(), "none"), "does not start with a field"},
        {deb_with_control("# comment\n" + good_control(), "none"), "not a field's name"},
        {deb_with_control(without("Package"), "none"), "no field Package"},
        {deb_with_control(without("Version"), "none"), "no field Version"},
        {deb_with_control(without("Architecture"), "none"), "no field Architecture"},
        {with("\n" + good_control()), "more than one stanza"},
        {with("\nPackage: evil\n"), "more than one stanza"},
        {with("no colon here\n"), "no colon"},
        {with("no colon\nX: y\n"), "not a field's name"},
        {with("-X: y\n"), "not a field's name"},
        {with("#X: y\n"), "not a field's name"},
        {with("X Y: z\n"), "not a field's name"},
        {with(": z\n"), "not a field's name"},
        {with("X-\xc3\xa4: z\n"), "not a field's name"},
        {with(" text\n \n more\n"), "its line 7 is blank"},
        {with("X: no end"), "last line has no end"},
        {with("version: 2\n"), "version twice"},
        {with("X-A: 1\nx-a: 2\n"), "x-a twice"},
        {with(std::string("X: a\0b\n", 7)), "control character 0x00"},
        {with("X: a\rFilename: evil\n"), "control character 0x0d"},
        {with("X: a\x1b[2J\n"), "control character 0x1b"},
        {with("X: a\x7f\n"), "control character 0x7f"},
        {with("Description-md5: abc\n"), "not an MD5"},
        {with("Depends: a (>= \n"), "Depends is not a list"},
        {with("Depends: ${shlibs:Depends}\n"), "Depends is not a list"},
        {with("Depends: ,a\n"), "Depends is not a list"},
        {with("Enhances: ,\n"), "Enhances is not a list"},
        {with("Recommends: a <!nocheck>\n"), "Recommends is not a list"},
        {with("Provides: a (\n"), "Provides is not a list"},
    });
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "X-" + std::to_string(i) + ": y\n";
    check_refused({{with(many), "more than 1000 fields"}});
}
