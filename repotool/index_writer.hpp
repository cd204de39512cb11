// SPDX-License-Identifier: GPL-3.0-or-later
// Writes one index: its open text and its stored compressions, piece by piece; private to the index builder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"
#include "core/formats/frames.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"

namespace repotool::publisher {

// A staged file that is hashed while it is written.
class HashedFile {
public:
    HashedFile(fs::Filesystem& filesystem, std::string path, unsigned mode);
    void write(std::string_view bytes);
    // Sets the time, closes, and returns the digest.
    std::string finish(base::UnixSeconds mtime);
    const std::string& path() const noexcept { return path_; }
    std::uint64_t size() const noexcept { return size_; }

private:
    std::string path_;
    std::unique_ptr<fs::File> file_;
    base::Hasher hasher_;
    std::uint64_t size_ = 0;
};

// The same index in the parent generation.
struct ParentIndex {
    const store::IndexFrames* frames = nullptr;
    std::unique_ptr<fs::File> text;
    struct Stored {
        formats::Compression compression;
        std::unique_ptr<fs::File> file;
    };
    std::vector<Stored> stored;
    std::vector<std::uint64_t> text_offsets;  // of header, chunks, footer
    std::map<std::string, std::vector<std::uint64_t>> stored_offsets;
};

struct IndexFile {
    store::IndexEntry entry;
    std::string staged_path;
};

class IndexWriter {
public:
    // `fresh_path` gives staging paths.
    IndexWriter(fs::Filesystem& filesystem, const std::function<std::string()>& fresh_path, std::string name,
                const std::vector<formats::Compression>& compressions, const ParentIndex* parent);

    // A part is the header, one chunk, or the footer; an empty header or footer has no frame.
    void write(std::string_view text);
    void end_part();
    void copy_parent_part(std::size_t part);
    // Closes everything. `files` has the open text (compression none) first.
    store::IndexFrames finish(base::UnixSeconds mtime, std::vector<IndexFile>& files);

private:
    struct Output {
        formats::Compression compression;
        std::unique_ptr<HashedFile> file;
        std::unique_ptr<formats::FrameWriter> writer;
    };
    std::string read_part(fs::File& file, std::uint64_t offset, std::uint64_t length);

    const ParentIndex* parent_;
    store::IndexFrames frames_;
    HashedFile text_;
    std::vector<Output> outputs_;
    std::uint64_t part_size_ = 0;
};

}  // namespace repotool::publisher
