// SPDX-License-Identifier: GPL-3.0-or-later
// The judge is apt: it computes Description-md5 of a whole text, and finds the long text by it.
#include "core/formats/deb/description.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <map>

#include "apt_root.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/release_writer.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb;
using namespace repotool::formats::deb::testing;
using formats::IndexText;

namespace {

const std::string kDirectory = "site/dists/stable/main/";

// `good_control` with another Description.
IndexText stanza_with(const TemporaryDirectory& directory, const std::string& description) {
    std::string control = good_control();
    const std::size_t start = control.find("Description:");
    REQUIRE(start != std::string::npos);
    return read_bytes(directory, deb_with_control(control.substr(0, start) + description))
        .index.at("Packages");
}

// What apt-cache shows of the only package in these indexes.
std::string shown(const std::string& packages, const std::string& translation) {
    const TemporaryDirectory root;
    write_file(root / (kDirectory + "binary-amd64/Packages"), packages);
    write_file(root / (kDirectory + "i18n/Translation-en"), translation);
    Release release;
    release.suite = release.codename = "stable";
    release.date = std::time(nullptr) - 60;
    release.architectures = {"amd64"};
    release.components = {"main"};
    const auto add = [&](const std::string& path, const std::string& bytes) {
        release.files.push_back({path, base::sha256_hex(bytes), bytes.size()});
    };
    add("main/binary-amd64/Packages", packages);
    if (!translation.empty()) add("main/i18n/Translation-en", translation);
    write_file(root / "site/dists/stable/Release", render_release(release));
    make_apt_root(root);
    output_of(apt(root, {"apt-get", "update", "--error-on=any"}, "en"));
    return output_of(apt(root, {"env", "LC_ALL=C.UTF-8", "apt-cache", "show", "hello"}, "en"));
}

std::string joined(const IndexText& text) {
    return text.before + "pool/x.deb" + text.after;
}

// From the field's name to the end of its value, without that name.
std::string field_of(const std::string& stanza, const std::string& name) {
    const std::size_t start = stanza.find("\n" + name + ":");
    if (start == std::string::npos) return "(none)";
    std::size_t end = stanza.find('\n', start + 1);
    while (end + 1 < stanza.size() && (stanza[end + 1] == ' ' || stanza[end + 1] == '\t'))
        end = stanza.find('\n', end + 1);
    return std::string(base::trim(stanza.substr(start + name.size() + 2, end - start - name.size() - 2)));
}

}  // namespace

TEST_CASE(
    "apt shows the same description and digest from Packages and Translation-en as from a whole Packages") {
    const TemporaryDirectory directory;
    for (const char* description :
         {"Description: greets\n A longer text.\n .\n  * a list\n", "Description: greets people\n",
          "Description:   blanks before\n blanks after  \n", "Description:\n no synopsis\n",
          "Description: \xe9t\xe9\n L\xe4nge\n", "Description: a\n Description: b\n",
          "Description: a\n b\nTag: x\n",
          "Description-md5: 0123456789abcdef0123456789abcdef\nDescription: a\n b\n"}) {
        CAPTURE(description);
        const IndexText full = stanza_with(directory, description);
        const SplitDescription split = split_description(full, "hello");
        std::string whole = joined(full);
        if (const auto own = whole.find("Description-md5:"); own != std::string::npos)
            whole.erase(own, whole.find('\n', own) + 1 - own);
        const std::string expected = shown(whole, "");
        const std::string ours = shown(joined(split.packages), split.translation);
        const std::string text = field_of(expected, "Description");
        CHECK(field_of(ours, "Description-en") == text);
        CHECK(field_of(ours, "Description-md5") == field_of(expected, "Description-md5"));
        CHECK(field_of(expected, "Description-md5").size() == 32);
        CHECK_THAT(field_of(whole, "Description"),
                   Catch::StartsWith(field_of(joined(split.packages), "Description")));
        CHECK(field_of(joined(split.packages), "Description").find('\n') == std::string::npos);
    }
}

TEST_CASE("a stanza without a Description stays as it is and has no translation") {
    const TemporaryDirectory directory;
    const IndexText full = stanza_with(directory, "");
    const SplitDescription split = split_description(full, "hello");
    CHECK(joined(split.packages) == joined(full));
    CHECK(split.translation.empty());
}

TEST_CASE("the digests of Debian's own descriptions are found again") {
    const char* path = std::getenv("REPOTOOL_TEST_TRANSLATION");  // Debian's Translation-en
    if (path == nullptr) return;
    const std::string text = read_file(path);
    std::size_t count = 0;
    for (std::size_t start = 0; start < text.size(); ++count) {
        const std::size_t end = text.find("\n\n", start) + 2;
        const std::string stanza = text.substr(start, end - start);
        start = end;
        const std::string name = stanza.substr(9, stanza.find('\n') - 9);
        std::string packages = stanza;
        packages.replace(packages.find("Description-en:"), 15, "Description:");
        CHECK(split_description({"", packages}, name).translation == stanza);
    }
    CHECK(count > 1000);
}
