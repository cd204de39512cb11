// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/formats/rpm/packed_file.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

const std::string kUpdates = "<updates>\n  <update><id>A</id></update>\n</updates>\n";

// What read_extra says about these bytes: its reason, which must be an input error; empty when it takes them.
std::string refusal_of_extra(const std::string& type, const std::string& bytes) {
    const TemporaryDirectory directory;
    const auto path = directory.write("private", bytes);
    try {
        read_extra(type, path, "shown");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        CHECK(error.object() == "shown");
        return error.reason();
    }
    return {};
}

std::string pack(const TemporaryDirectory& directory, const std::vector<std::string>& packer,
                 const std::string& name, const std::string& text) {
    auto command = packer;
    command.push_back(directory.write(name, text));
    return run(command);
}

}  // namespace

TEST_CASE("the type of extra metadata is told by the name of its file") {
    const std::string digest(64, 'a');
    for (const auto& [name, type] :
         std::vector<std::pair<std::string, std::string>>{{"updateinfo.xml", "updateinfo"},
                                                          {"updateinfo.xml.gz", "updateinfo"},
                                                          {digest + "-updateinfo.xml.zst", "updateinfo"},
                                                          {"el9-updateinfo.xml.xz", "updateinfo"},
                                                          {"comps.xml", "group"},
                                                          {"comps-BaseOS.x86_64.xml", "group"},
                                                          {digest + "-comps-BaseOS.x86_64.xml.gz", "group"},
                                                          {digest + "-group.xml", "group"},
                                                          {"modules.yaml", "modules"},
                                                          {digest + "-modules.yaml.bz2", "modules"},
                                                          {"modulemd", "modules"},
                                                          {"modulemd.x86_64.txt", "modules"},
                                                          {"productid", "productid"},
                                                          {digest + "-productid.gz", "productid"}}) {
        INFO(name);
        CHECK(detect_type(name) == type);
    }
    for (const std::string name : {"", "hello-1.0-1.x86_64.rpm", "primary.xml.gz", "comps", "comps.xml.rpm",
                                   "updateinfo", "my-group.xml", "hello.changes", ".gz", "xmodulemd"}) {
        INFO(name);
        CHECK_FALSE(detect_type(name));
    }
    for (const std::string type : {"updateinfo", "group", "modules", "productid"}) {
        CHECK(detect_type(canonical_file_name(type)) == type);
    }
    CHECK(canonical_file_name("appstream") == "appstream");
}

TEST_CASE("a type has a plain name that is not one of the packages' own") {
    for (const std::string type :
         {"updateinfo", "group", "modules", "productid", "appstream-icons", "x", "a_9"}) {
        CHECK(is_extra_type(type));
    }
    for (const std::string type : {"", "primary", "filelists", "other", "primary_db", "other_zck", "group_gz",
                                   "filelists-ext", "Group", "9x", "-x", "a/b", "a b", "../x", "ü"}) {
        INFO(type);
        CHECK_FALSE(is_extra_type(type));
    }
    CHECK(is_extra_type(std::string(32, 'a')));
    CHECK_FALSE(is_extra_type(std::string(33, 'a')));
}

TEST_CASE("files are read as gzip, xz and zstd pack them, also in several parts") {
    const TemporaryDirectory directory;
    for (const auto& packer : std::vector<std::vector<std::string>>{{"cat"},
                                                                    {"gzip", "-c"},
                                                                    {"gzip", "-9c"},
                                                                    {"xz", "-c"},
                                                                    {"xz", "-9c"},
                                                                    {"zstd", "-qc"},
                                                                    {"zstd", "-19qc"}}) {
        INFO(packer.front());
        const auto first = pack(directory, packer, "first", kUpdates.substr(0, 20));
        const auto second = pack(directory, packer, "second", kUpdates.substr(20));
        const auto path = directory.write("both", first + second);
        CHECK(read_extra("updateinfo", path, "shown") == merge_extra("updateinfo", {}, kUpdates));
        CHECK(read_extra("productid", path, "shown") == kUpdates);
        if (packer.front() == "cat") continue;
        CHECK_FALSE(refusal_of_extra("productid", first.substr(0, first.size() - 1)).empty());
        CHECK_FALSE(refusal_of_extra("productid", first + second.substr(0, second.size() - 5)).empty());
        CHECK_FALSE(refusal_of_extra("productid", first + "garbage").empty());
    }
}

TEST_CASE("files that do not unpack are refused") {
    const TemporaryDirectory directory;
    CHECK(refusal_of_extra("productid", "") == "it is empty");
    CHECK(refusal_of_extra("productid", pack(directory, {"gzip", "-c"}, "none", "")) == "it is empty");
    CHECK(refusal_of_extra("productid", "BZh91AY&SY") ==
          "it is packed with bzip2; gzip, xz, zstd and none are supported");
    CHECK_THROWS_AS(read_extra("productid", directory.path() / "none.xml", "shown"), base::Error);
}

TEST_CASE("a file that unpacks to more than the limit is refused") {
    const TemporaryDirectory directory;
    for (const auto& packer :
         std::vector<std::vector<std::string>>{{"cat"}, {"gzip", "-c"}, {"xz", "-c"}, {"zstd", "-qc"}}) {
        const auto path = directory.write("bomb", pack(directory, packer, "open", std::string(2048, 'x')));
        CHECK(read_packed_file(path, 2048, "shown").size() == 2048);
        CHECK_THROWS_WITH(read_packed_file(path, 2047, "shown"),
                          Catch::Contains("it has more than 2.0 KiB unpacked"));
    }
}

TEST_CASE("a document type may be named, as comps.xml does, and nothing more") {
    const std::string comps = "<comps><group><id>g</id><name>&amp;&#65;</name></group></comps>";
    CHECK(refusal_of_extra(
              "group",
              "<!DOCTYPE comps PUBLIC \"-//Red Hat, Inc.//DTD Comps info//EN\" \"comps.dtd\">\n" + comps)
              .empty());
    for (const std::string doctype :
         {"<!DOCTYPE comps [<!ENTITY a \"b\">]>",
          "<!DOCTYPE comps SYSTEM \"x\" [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>",
          "<!DOCTYPE comps [<!ENTITY % a SYSTEM \"x\"> %a;]>"}) {
        CHECK(refusal_of_extra("group", doctype + comps) ==
              "a document type declaration is not allowed in line 1");
    }
    for (const std::string reference : {"<name>&x;</name>", "<name y=\"&x;\"/>"}) {
        const std::string text = "<comps><group><id>g</id>" + reference + "</group></comps>";
        CHECK_FALSE(refusal_of_extra("group", text).empty());
        CHECK_FALSE(refusal_of_extra("group", "<!DOCTYPE comps SYSTEM \"comps.dtd\">" + text).empty());
    }
}

TEST_CASE("documents that are not of their type are refused with the reason") {
    CHECK(refusal_of_extra("updateinfo", "<comps/>") ==
          "its outermost element is <comps>, expected <updates>");
    CHECK(refusal_of_extra("group", "<updates/>") == "its outermost element is <updates>, expected <comps>");
    CHECK(refusal_of_extra("updateinfo", "<updates><group/></updates>") ==
          "<group> in <updates>, expected <update>");
    CHECK(refusal_of_extra("updateinfo", "<updates><update><x><id>A</id></x></update></updates>") ==
          "an <update> of it has no <id>");
    CHECK(refusal_of_extra("group", "<comps><group><id> </id></group></comps>") ==
          "a <group> of it has no <id>");
    CHECK(refusal_of_extra("updateinfo", "<updates><update><id>A</id></updates>") ==
          "mismatched tag in line 1");
    CHECK(refusal_of_extra("updateinfo", kUpdates + "x") == "junk after document element in line 4");
    CHECK(refusal_of_extra("updateinfo", "<updates>\n<update><id>\xe4</id></update></updates>") ==
          "not well-formed (invalid token) in line 2");
    std::string deep = "<updates><update><id>A</id>";
    for (int i = 0; i < 100; ++i) deep += "<a>";
    CHECK(refusal_of_extra("updateinfo", deep) == "elements are nested too deep in line 1");
}

TEST_CASE("module documents that cannot be what they should are refused with the reason") {
    const std::string good = "---\ndocument: modulemd\ndata:\n  name: x\n  stream: 1\n";
    CHECK(refusal_of_extra("modules", good).empty());
    CHECK(refusal_of_extra("modules", "# nothing\n---\n...\n") == "it has no document");
    const std::string no_kind = "a document of it has no line 'document: modulemd…' that says what it is";
    CHECK(refusal_of_extra("modules", good + "---\nname: x\n") == no_kind);
    CHECK(refusal_of_extra("modules", good + "---\ndocument: other\n") == no_kind);
    CHECK(refusal_of_extra("modules", "<updates/>") == no_kind);
    CHECK(refusal_of_extra("modules", "---\ndata:\n  document: modulemd\n") == no_kind);
    CHECK(refusal_of_extra("modules", good + "\xff") == "it is not UTF-8");
    CHECK(refusal_of_extra("modules", good + "\x01") == "it has control characters");
    CHECK(refusal_of_extra("modules", "%TAG ! tag:x\n" + good) ==
          "it has a YAML directive, which is not allowed");
}

}  // namespace repotool::formats::rpm::testing
