// SPDX-License-Identifier: GPL-3.0-or-later
// Writes one index: its open text and its stored compressions, piece by piece; private to the index builder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/background_hasher.hpp"
#include "core/formats/frames.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"
#include "repotool/index/stored_index.hpp"

namespace repotool::publisher {

// Which digests of its files a manifest has.
enum class IndexDigests { sha256, sha256_and_sha512 };

// A staged file that is hashed while it is written.
class HashedFile {
public:
    HashedFile(fs::Filesystem& filesystem, std::string path, unsigned mode, IndexDigests digests);
    void write(std::string_view bytes);
    // Sets the time and closes; `entry` gets size and digests.
    void finish(base::UnixSeconds mtime, store::IndexEntry& entry);
    const std::string& path() const noexcept { return path_; }
    std::uint64_t size() const noexcept { return hasher_.size(); }

private:
    std::string path_;
    std::unique_ptr<fs::File> file_;
    IndexDigests digests_;
    base::BackgroundHasher hasher_;
};

// A file of the parent generation that is proven by its digest while it is read from its beginning on: its
// frames go into the next index as they are, and damage must not be passed on, least of all signed. What was
// copied from it must not be used before check().
class ParentProof {
public:
    ParentProof(const StoredIndex& stored, std::string path, std::string sha256)
        : stored_(stored), path_(std::move(path)), sha256_(std::move(sha256)) {}
    // Reads what comes before `offset` and was not read yet.
    void read_until(std::uint64_t offset);
    // Reads the rest. Throws base::Error (integrity) where the file is not what its manifest says.
    void check();

private:
    const StoredIndex& stored_;
    std::string path_;
    std::string sha256_;
    std::uint64_t offset_ = 0;
    base::BackgroundHasher hasher_;
};

// The same index in the parent generation.
struct ParentIndex {
    FileParts text;
    std::vector<StoredIndex> stored;
    std::vector<std::unique_ptr<ParentProof>> proofs;  // of each of `stored`
};

struct IndexFile {
    store::IndexEntry entry;
    std::string staged_path;
};

struct IndexWriterOptions {
    fs::Filesystem& filesystem;
    std::function<std::string()> fresh_path;  // gives staging paths
    std::vector<formats::Compression> compressions;
    IndexDigests digests;
};

class IndexWriter {
public:
    // `parent` may be empty: then nothing can be copied.
    IndexWriter(const IndexWriterOptions& options, std::string name, std::optional<ParentIndex> parent);

    // A part is the header, one chunk, or the footer; an empty one has no frame.
    void write(std::string_view text);
    void end_part();
    void copy_parent_part(std::size_t part);
    // Open text; not proven yet to belong to what is published.
    std::string parent_text(std::size_t part) const { return parent_->text.part(part); }
    // Closes everything. `files` has the open text (compression none) first.
    store::IndexFrames finish(base::UnixSeconds mtime, std::vector<IndexFile>& files);

private:
    struct Output {
        std::unique_ptr<HashedFile> file;
        std::unique_ptr<formats::FrameWriter> writer;
        const StoredIndex* parent = nullptr;
        ParentProof* proof = nullptr;  // of `parent`
        formats::Compression compression = formats::Compression::gz;
    };
    std::vector<std::uint64_t>& lengths(const Output& output);

    std::optional<ParentIndex> parent_;
    store::IndexFrames frames_;
    HashedFile text_;
    std::vector<Output> outputs_;
    std::uint64_t part_size_ = 0;
};

}  // namespace repotool::publisher
