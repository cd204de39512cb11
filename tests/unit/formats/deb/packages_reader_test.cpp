// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/packages_reader.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb;
using namespace repotool::formats::deb::testing;

namespace {

bool is_refused(std::string_view text) {
    try {
        read_packages(text);
    } catch (const base::Error& error) {
        return error.kind() == base::ErrorKind::integrity;
    }
    return false;
}

std::string a_stanza() {
    return "Package: hello\nArchitecture: all\nVersion: 1:1.0-1\nFilename: pool/hello.deb\nSize: 12\nSHA256: "
           "abc\n\n";
}

}  // namespace

TEST_CASE("an index of apt-ftparchive is read back") {
    const TemporaryDirectory directory;
    std::string index;
    std::vector<base::FileDigests> digests;
    for (const char* version : {"1.0", "1:2.0-1"}) {
        const std::string path =
            directory / (std::string("hello-") + std::to_string(digests.size()) + ".deb");
        std::string control = good_control();
        control.replace(control.find("1.0-1"), 5, version);
        write_file(path, deb_with_control(control));
        digests.push_back(digests_of(read_file(path)));
        index += output_of({"apt-ftparchive", "packages", path});
    }
    const std::vector<PackagesEntry> entries = read_packages(index);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "hello");
    CHECK(entries[0].version == "1.0");
    CHECK(entries[1].version == "1:2.0-1");
    CHECK(entries[1].architecture == "all");
    CHECK(entries[1].filename == directory / "hello-1.deb");
    CHECK(entries[1].sha256 == digests[1].sha256);
    CHECK(entries[1].size == digests[1].size);
}

TEST_CASE("an empty index has no entries") {
    CHECK(read_packages("").empty());
}

TEST_CASE("an index that is cut off anywhere but between stanzas is an integrity error") {
    const std::string text = a_stanza() + a_stanza();
    for (std::size_t size = 1; size < text.size(); ++size) {
        CAPTURE(size);
        if (size == a_stanza().size()) continue;
        CHECK(is_refused(std::string_view(text).substr(0, size)));
    }
    CHECK(read_packages(text).size() == 2);
}

TEST_CASE("a stanza without what apt needs is an integrity error") {
    for (const char* field : {"Package", "Architecture", "Version", "Filename", "Size", "SHA256"}) {
        CAPTURE(field);
        std::string text = a_stanza();
        const std::size_t start = text.find(std::string(field) + ":");
        CHECK(is_refused(text.erase(start, text.find('\n', start) + 1 - start)));
    }
    std::string text = a_stanza();
    CHECK(is_refused(text.replace(text.find("12"), 2, "1x")));
}
