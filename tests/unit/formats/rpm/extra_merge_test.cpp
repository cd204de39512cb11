// SPDX-License-Identifier: GPL-3.0-or-later
// What merging keeps and replaces; tests/clients/rpm_extra_metadata.py shows that clients read the outcome.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/formats/rpm/extra_metadata.hpp"

namespace repotool::formats::rpm::testing {
namespace {

std::string update(const std::string& id, const std::string& title) {
    return "<update from=\"a@b\" type='security'  status=\"final\"><id>" + id + "</id><title>" + title +
           "</title><pkglist/></update>";
}
std::string updates(const std::string& inside) {
    return "<updates>" + inside + "</updates>";
}
std::string group(const std::string& id, const std::string& list) {
    return "<group>\n    <id>" + id + "</id>\n    <name>Group " + id + "</name>\n    " + list +
           "\n  </group>";
}
std::string list_of(const std::vector<std::string>& packages) {
    std::string text = "<packagelist>";
    for (const auto& package : packages) {
        text += "\n      <packagereq type=\"default\">" + package + "</packagereq>";
    }
    return text + "\n    </packagelist>";
}
std::string comps(const std::string& inside) {
    return "<comps>\n  " + inside + "\n</comps>\n";
}
std::string stream(const std::string& name, const std::string& version, const std::string& summary) {
    return "---\ndocument: modulemd\nversion: 2\ndata:\n  name: " + name +
           "\n  stream: \"1\"\n  version: " + version +
           "\n  context: c0ffee\n  arch: x86_64\n  summary: " + summary + "\n...\n";
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// The laws of merging, on any two texts of a type; returns the merged text.
std::string merged(const std::string& type, const std::string& a, const std::string& b) {
    const auto both = merge_extra(type, a, b);
    CHECK(merge_extra(type, both, b) == both);
    CHECK(merge_extra(type, both, both) == both);
    CHECK(merge_extra(type, both, {}) == both);
    CHECK(merge_extra(type, {}, both) == both);
    const auto canonical = merge_extra(type, {}, a);
    CHECK(merge_extra(type, a, {}) == canonical);
    CHECK(merge_extra(type, a, a) == canonical);
    CHECK(merge_extra(type, canonical, a) == canonical);
    return both;
}

}  // namespace

TEST_CASE("advisories are united by id, the incoming one of the same id counts, their bytes stay") {
    const auto a = updates(update("B-2", "old") + "<!-- gone -->" + update("A-1", "stays &amp; <!--c-->"));
    const auto b = "<?xml version='1.0'?>\n" + updates(update(" C-3\n", "new") + "\n" + update("B-2", "new"));
    CHECK(merged("updateinfo", a, b) == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n  " +
                                            update("A-1", "stays &amp; <!--c-->") + "\n  " +
                                            update("B-2", "new") + "\n  " + update(" C-3\n", "new") +
                                            "\n</updates>\n");
    CHECK(merge_extra("updateinfo", a, b) ==
          merge_extra("updateinfo", updates(update("A-1", "stays &amp; <!--c-->")), b));
}

TEST_CASE("two advisories of one id in one document both stay, the same one twice does not") {
    const auto twice = updates(update("A", "one") + update("A", "two") + update("A", "two"));
    CHECK(count(merged("updateinfo", updates(update("A", "old")), twice), "<update ") == 2);
    CHECK(count(merged("updateinfo", twice, updates(update("A", "new"))), "<update ") == 1);
}

TEST_CASE("names that advisories use from the root element are still declared") {
    const auto text =
        merged("updateinfo", "<updates xmlns:x=\"urn:a&amp;&quot;b\">" + update("A", "<x:b/>") + "</updates>",
               updates(update("B", "b")));
    CHECK(text.find("<updates xmlns:x=\"urn:a&amp;&quot;b\">") != std::string::npos);
}

TEST_CASE("a group keeps the packages that each side has, all else is the incoming one's") {
    const auto a = comps(group("core", list_of({"bash", "old"})) + group("alone", list_of({"x"})));
    auto b = group("core", list_of({"bash", "new"}));
    const auto both = merged("group", a, comps(b));
    b.insert(b.find("\n    </packagelist>"), "\n      <packagereq type=\"default\">old</packagereq>");
    CHECK(both == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
                      comps(group("alone", list_of({"x"})) + "\n  " + b));
}

TEST_CASE("packages are kept in groups that list none, in whatever form") {
    const auto a = comps(group("g", list_of({"kept"})));
    for (const std::string list :
         {"", "<packagelist/>", "<packagelist />", "<packagelist></packagelist>",
          "<packagelist>\n    </packagelist>", "<packagelist><!-- none --></packagelist>"}) {
        INFO(list);
        const auto both = merged("group", a, comps(group("g", list)));
        CHECK(count(both, "<packagereq type=\"default\">kept</packagereq>") == 1);
        CHECK(count(both, "<packagelist") == 1);
        CHECK(count(both, "</packagelist>") == 1);
    }
}

TEST_CASE("categories and environments are replaced as a whole, language packs by name") {
    const auto part = [](const std::string& kind, const std::string& id, const std::string& name) {
        return "<" + kind + "><id>" + id + "</id><grouplist><groupid>" + name + "</groupid></grouplist></" +
               kind + ">";
    };
    const auto a = comps(
        "<langpacks><match name=\"b\" install=\"b-%s\"/><match name=\"c\" install=\"old\"/></langpacks>" +
        part("environment", "e", "old") + part("category", "c", "old") + "<whiteout/>");
    const auto b = comps(
        "<langpacks><match name=\"a\" install=\"a-%s\"/><match name=\"c\" install=\"new\"/></langpacks>" +
        part("environment", "e", "new") + part("category", "d", "new"));
    CHECK(merged("group", a, b) ==
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
              comps(part("category", "c", "old") + "\n  " + part("category", "d", "new") + "\n  " +
                    part("environment", "e", "new") +
                    "\n  <langpacks>\n    <match name=\"a\" install=\"a-%s\"/>\n    <match name=\"b\" "
                    "install=\"b-%s\"/>\n    <match name=\"c\" install=\"new\"/>\n  </langpacks>\n  "
                    "<whiteout/>"));
}

TEST_CASE("module documents are united by name, stream, version, context and architecture") {
    const auto a = stream("zeta", "2", "old") + stream("alpha", "1", "stays");
    const auto b = stream("zeta", "2", "new") + stream("zeta", "3", "more");
    CHECK(merged("modules", a, b) ==
          stream("alpha", "1", "stays") + stream("zeta", "2", "new") + stream("zeta", "3", "more"));
}

TEST_CASE("module documents are told apart in whatever way they are written") {
    const std::string plain =
        "---\ndocument: modulemd\nversion: 2\ndata:\n  name: x\n  stream: '1' # one\n  version: 5\n";
    for (const std::string same : {"document: \"modulemd\"\nversion: 2\ndata:\n    \"name\": x\n    # not "
                                   "this\n    stream: 1\n    summary: |\n"
                                   "      name: other\n    version: 5\n    references:\n      name: other\n",
                                   "%YAML 1.1\n# comment\n---   # comment\r\ndata: \r\n  version: 5\r\n  "
                                   "stream: \"1\"\r\n  name: x\r\nversion: 2\r\n"
                                   "document: modulemd\r\n...\r\n# the end\r\n",
                                   "\xef\xbb\xbf---\ndocument: modulemd\ndata:\n  xmd: {name: other}\n  "
                                   "name: x\n  stream: 1\n  version: 5\n..."}) {
        INFO(same);
        CHECK(count(merged("modules", plain, same), "document:") == 1);
    }
    for (const std::string other :
         {"---\ndocument: modulemd\ndata:\n  name: x\n  stream: 1\n  version: 6\n",
          "---\ndocument: modulemd\ndata:\n  name: x\n  stream: 1\n  version: 5\n  context: a\n",
          "---\ndocument: modulemd\ndata:\n  name: >\n    x\n  stream: 1\n  version: 5\n",
          "---\ndocument: modulemd-defaults\ndata:\n  module: x\n  stream: 1\n",
          "---\ndocument: modulemd-new\ndata:\n  name: x\n  stream: 1\n  version: 5\n",
          "---\ndocument: modulemd\ndata: {name: x, stream: 1, version: 5}\n"}) {
        INFO(other);
        CHECK(count(merged("modules", plain, other), "document:") == 2);
    }
}

TEST_CASE("defaults of a module are replaced, its obsoletes add up") {
    const auto defaults = [](const std::string& chosen) {
        return "---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: x\n  stream: " + chosen +
               "\n...\n";
    };
    CHECK(merged("modules", defaults("1"), defaults("2")) == defaults("2"));
    const auto obsoletes = [](const std::string& modified) {
        return "---\ndocument: modulemd-obsoletes\nversion: 1\ndata:\n  modified: " + modified +
               "\n  module: x\n  stream: 1\n  message: gone\n...\n";
    };
    CHECK(merged("modules", obsoletes("2024-05-01T00:00Z"), obsoletes("2023-05-01T00:00Z")) ==
          obsoletes("2023-05-01T00:00Z") + obsoletes("2024-05-01T00:00Z"));
}

TEST_CASE("of a type that nobody knows the incoming text counts") {
    CHECK(merged("productid", std::string("old\0x", 5), std::string("new\0y", 5)) ==
          std::string("new\0y", 5));
    CHECK(merge_extra("productid", "old", {}) == "old");
    for (const std::string type : {"updateinfo", "group", "modules", "productid"})
        CHECK(merge_extra(type, {}, {}).empty());
}

TEST_CASE("text that is no metadata of its type is not merged") {
    for (const std::string type : {"updateinfo", "group", "modules"}) {
        CHECK_THROWS_AS(merge_extra(type, "nothing", {}), base::Error);
        CHECK_THROWS_AS(merge_extra(type, {}, "nothing"), base::Error);
    }
}

}  // namespace repotool::formats::rpm::testing
