// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "core/formats/rpm/repomd_writer.hpp"
#include "tests/unit/formats/rpm/createrepo_comparison.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

base::ErrorKind kind_of_failure(const std::string& repomd) {
    try {
        read_repomd(repomd);
    } catch (const base::Error& error) {
        return error.kind();
    }
    return base::ErrorKind::internal;
}

}  // namespace

TEST_CASE("repomd.xml and the frames of the indexes are what createrepo_c writes, byte for byte") {
    const TemporaryDirectory directory;
    directory.write("hello.rpm", hello_package());
    run_createrepo(directory.path());
    const auto theirs = read_file(directory.path() / "repodata" / "repomd.xml");
    auto repomd = read_repomd(theirs);
    REQUIRE(repomd.records.size() == 3);
    std::reverse(repomd.records.begin(), repomd.records.end());
    CHECK(render_repomd(std::stoll(repomd.revision), repomd.records) == theirs);

    for (const std::string kind : {"primary", "filelists", "other"}) {
        const auto file = repodata_file(directory.path(), "-" + kind + ".xml.gz");
        const auto text = run({"zcat", file.string()});
        CHECK(text.starts_with(index_header(kind, 1) + "<package "));
        CHECK(text.ends_with("</package>\n" + index_footer(kind)));
    }
}

TEST_CASE("repomd.xml with extra metadata is what modifyrepo_c writes, byte for byte, packed or not") {
    const TemporaryDirectory directory;
    directory.write("hello.rpm", hello_package());
    run_createrepo(directory.path());
    const auto repodata = (directory.path() / "repodata").string();
    for (const std::string type : {"updateinfo", "productid", "group", "a-new_type"}) {
        const auto file = directory.write(type, "text of " + type);
        run({"modifyrepo_c", type == "group" ? "--no-compress" : "--compress", "--mdtype=" + type, file,
             repodata});
    }
    const auto theirs = read_file(directory.path() / "repodata" / "repomd.xml");
    auto repomd = read_repomd(theirs);
    std::vector<std::string> types;
    for (const auto& record : repomd.records) types.push_back(record.type);
    CHECK(types == std::vector<std::string>{"primary", "filelists", "other", "a-new_type", "group",
                                            "productid", "updateinfo"});
    CHECK(repomd.records.at(4).open_sha256.empty());
    CHECK_FALSE(repomd.records.at(5).open_sha256.empty());
    std::reverse(repomd.records.begin(), repomd.records.end());
    CHECK(render_repomd(std::stoll(repomd.revision), repomd.records) == theirs);
}

TEST_CASE("records keep createrepo_c's order, unknown types follow by name") {
    std::vector<RepomdRecord> records;
    for (const auto* type : {"updateinfo", "other", "group", "primary", "filelists"}) {
        RepomdRecord record;
        record.type = type;
        records.push_back(record);
    }
    std::vector<std::string> types;
    for (const auto& record : read_repomd(render_repomd(7, records)).records) types.push_back(record.type);
    CHECK(types == std::vector<std::string>{"primary", "filelists", "other", "group", "updateinfo"});
}

TEST_CASE("an uncompressed file has no open digest and size") {
    RepomdRecord record;
    record.type = "group";
    record.location = "repodata/a&b.xml";
    const auto text = render_repomd(7, {record});
    CHECK(text.find("open-") == std::string::npos);
    CHECK(read_repomd(text).records.at(0).location == "repodata/a&b.xml");
    CHECK(read_repomd(text).revision == "7");
}

TEST_CASE("entries are read back from each index as they were written") {
    const auto package = read_bytes(hello_package());
    for (const std::string kind : {"primary", "filelists", "other"}) {
        const auto& index = package.index.at(kind);
        const auto text = index.before + (kind == "primary" ? "Packages/h/hello&amp;.rpm" : "") + index.after;
        const auto entries = read_entries(kind, text + text);
        REQUIRE(entries.size() == 2);
        const auto& entry = entries.back();
        CHECK(entry.pkgid == package.sha256);
        CHECK(entry.name == "hello");
        CHECK(entry.architecture == "noarch");
        CHECK(entry.epoch + ":" + entry.version + "-" + entry.release == "0:1.0-1");
        CHECK(entry.location == (kind == "primary" ? "Packages/h/hello&.rpm" : ""));
        CHECK(entry.size == (kind == "primary" ? package.size : 0));
    }
}

TEST_CASE("text that is not a run of whole packages is refused") {
    for (const std::string text :
         {"<package>", "</packages><packages>", "<other/>", "<package>&unknown;</package>",
          "<package></package", "<?xml version=\"1.0\"?><package/>",
          "<package><size package=\"-1\"/></package>", "\x01", "<package>\xff</package>"}) {
        INFO(text);
        CHECK_THROWS_AS(read_entries("primary", text), base::Error);
    }
    CHECK(read_entries("primary", "").empty());
}

TEST_CASE("document types, entities and sizes without end are refused in repomd.xml") {
    const std::string bomb =
        "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><repomd><revision>&b;</revision></repomd>";
    CHECK(kind_of_failure(bomb) == base::ErrorKind::integrity);
    CHECK(kind_of_failure("<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><repomd/>") ==
          base::ErrorKind::integrity);
    CHECK(kind_of_failure("<repomd>" + std::string(2U << 20U, ' ') + "</repomd>") ==
          base::ErrorKind::integrity);
    CHECK(kind_of_failure("<metadata/>") == base::ErrorKind::integrity);
    CHECK(kind_of_failure("") == base::ErrorKind::integrity);
    std::string deep = "<repomd>";
    for (int i = 0; i < 100; ++i) deep += "<a>";
    CHECK(kind_of_failure(deep) == base::ErrorKind::integrity);
}

TEST_CASE("escaped text comes back unchanged through an XML parser") {
    const std::string text = "a<b>c&d\"e'f\tg\nh\ri ü";
    const auto entries = read_entries("filelists", "<package name=\"" + xml_escape(text) + "\"/>");
    CHECK(entries.at(0).name == text);
}

}  // namespace repotool::formats::rpm::testing
