// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a published generation by its manifest tree, from a site or a mirror. Everything content-named is
// checked against its digest as it is read; damage is base::Error (integrity). Needs nothing but public/,
// takes no lock.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/chunks.hpp"
#include "core/store/manifest.hpp"

namespace repotool::store {

class GenerationReader {
public:
    // `public_root`: "public" in a site, "" in a mirror. Reads MANIFEST and the sub-manifests. Throws
    // base::Error (usage) where the generation does not exist.
    GenerationReader(fs::Filesystem& filesystem, std::string public_root, std::string repository,
                     std::uint64_t generation);

    const Manifest& manifest() const noexcept { return manifest_; }
    const std::string& manifest_text() const noexcept { return manifest_text_; }
    const std::string& manifest_sha256() const noexcept { return manifest_sha256_; }
    // In the order deb, rpm; formats that the generation does not have are left out.
    const std::vector<SubManifest>& sub_manifests() const noexcept { return sub_manifests_; }
    const SubManifest* find_format(std::string_view format) const;
    // From here on the generation looks as if it had no others (a mirror that carries one format). The text
    // of the manifest and its digest stay.
    void keep_formats(const std::vector<std::string>& formats);

    ChunkList chunk_list(const SetEntry& set) const;
    std::vector<Record> records(const ChunkReference& chunk) const;
    std::string chunk_text(const ChunkReference& chunk) const;
    FrameTable frame_table(const SetEntry& set) const;
    // Of the lines of Contents (docs/FORMAT.md §5.5).
    ChunkList contents_lines(const ContentsEntry& contents) const;
    FrameTable frame_table(const ContentsEntry& contents) const;
    // Every record of a set in order, one chunk in memory at a time.
    void for_each_record(const SetEntry& set, const std::function<void(const Record&)>& visit) const;
    // The record with this key; reads one chunk.
    std::optional<Record> find(const SetEntry& set, const std::string& key) const;

    // A file of the generation that is no symlink, such as MANIFEST.asc; empty where it is not there.
    std::optional<std::string> pointer_file(const std::string& path) const;
    std::string path_of(const std::string& path_below_public) const;
    fs::Filesystem& filesystem() const noexcept { return filesystem_; }

private:
    std::string content(const ContentReference& reference) const;

    fs::Filesystem& filesystem_;
    std::string public_root_;
    std::string directory_;
    std::string manifest_text_;
    std::string manifest_sha256_;
    Manifest manifest_;
    std::vector<SubManifest> sub_manifests_;
};

// Beside MANIFEST on a mirror that carries some of its formats: their names, a line each. What it does not name
// is not there, and nobody looks for it.
inline constexpr const char* kCarries = "CARRIES";
// Takes the formats out that this copy of the generation in `directory` does not carry.
void drop_what_is_not_carried(fs::Filesystem& filesystem, const std::string& directory, Manifest& manifest);

// Repositories below `public_root`, sorted.
std::vector<std::string> list_repositories(fs::Filesystem& filesystem, const std::string& public_root);

// The generation that `reference` ("stable", "stable@41") means. Throws base::Error (usage) with the nearest
// name where there is no such repository or generation.
GenerationReader open_generation(fs::Filesystem& filesystem, const std::string& public_root,
                                 std::string_view reference);

}  // namespace repotool::store
