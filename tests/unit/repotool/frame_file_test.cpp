// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/frame_file.hpp"

#include <catch2/catch.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

const std::string kText = "header" + std::string(700'000, 'x') + "footer";

// A file of empty and long segments.
std::unique_ptr<FrameFile> write_file(fs::Filesystem& filesystem) {
    auto file = std::make_unique<FrameFile>(filesystem, "index", 0644);
    file->cut();
    file->write(std::string_view(kText).substr(0, 6));
    file->cut();
    file->cut();
    for (std::size_t at = 6; at < kText.size(); at += 100'000)
        file->write(std::string_view(kText).substr(at, 100'000));
    file->cut();
    file->cut();
    file->close(0);
    return file;
}

store::IndexEntry read_back(fs::Filesystem& filesystem, const FrameFile& file) {
    store::IndexEntry entry;
    ReadBack reading(filesystem);
    reading.add(file, base::ShaDigests::sha256, entry);
    reading.run();
    return entry;
}

}  // namespace

TEST_CASE("a file that is read back has the digest of what was written", "[index]") {
    fs::testing::MemoryFilesystem filesystem;
    const auto file = write_file(filesystem);
    CHECK(fs::read_file(filesystem, "index") == kText);
    const store::IndexEntry entry = read_back(filesystem, *file);
    CHECK(entry.size == kText.size());
    CHECK(entry.sha256 == base::sha256_hex(kText));
}

TEST_CASE("a disk that holds something else is noticed", "[index]") {
    fs::testing::MemoryFilesystem filesystem;
    const auto file = write_file(filesystem);
    std::string changed = kText;
    SECTION("another byte at the beginning") {
        changed.front() = 'X';
    }
    SECTION("another byte at the end") {
        changed.back() = 'X';
    }
    SECTION("another byte in the middle") {
        changed[350'000] = 'X';
    }
    SECTION("bytes that are missing") {
        changed.resize(changed.size() - 1);
    }
    SECTION("nothing at all") {
        changed.clear();
    }
    SECTION("bytes too many") {
        changed += 'X';
    }
    fs::replace_file(filesystem, "index", changed, 0644);
    CHECK_THROWS_AS(read_back(filesystem, *file), base::Error);
}

}  // namespace repotool::publisher
