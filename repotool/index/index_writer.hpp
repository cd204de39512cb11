// SPDX-License-Identifier: GPL-3.0-or-later
// Writes one index: its open text and its stored compressions, part by part; private to the index builder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha_stream.hpp"
#include "core/base/work_queue.hpp"
#include "core/formats/frames.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"
#include "repotool/index/frame_file.hpp"
#include "repotool/index/parent_index.hpp"
#include "repotool/index/text_writer.hpp"

namespace repotool::publisher {

struct IndexFile {
    store::IndexEntry entry;
    std::string staged_path;  // empty for the open text: it is in the cache alone
};

struct WrittenIndex {
    store::IndexFrames frames;
    std::vector<IndexFile> files;  // the open text (compression none) first
    TextUpdate text;
};

struct IndexWriterOptions {
    fs::Filesystem& filesystem;
    std::function<std::string()> fresh_path;  // gives staging paths
    std::vector<formats::Compression> compressions;
    base::ShaDigests digests;
};

class IndexWriter {
public:
    // `parent` may be empty: then nothing can be copied.
    // Compressing is work for `queue`, which several writers may share and which outlives them. `urgency` is
    // that of hashing the text.
    IndexWriter(const IndexWriterOptions& options, base::WorkQueue& queue, std::string name,
                base::Urgency urgency, std::optional<ParentIndex> parent);

    // A part is the header, one chunk, or the footer; an empty one has no frame.
    void write(std::string_view text);
    void end_part();
    void copy_parent_part(std::size_t part);
    // Open text of the parent.
    std::string parent_text(std::size_t part) const { return parent_->text->part(part); }
    // No more parts, and the queue is empty. `read_back` gets the stored files, and is run before finish().
    void close(base::UnixSeconds mtime, ReadBack& read_back);
    WrittenIndex finish();

private:
    struct Output {
        formats::Compression compression = formats::Compression::gz;
        std::unique_ptr<FrameFile> file;
        std::unique_ptr<formats::FrameWriter> writer;
        std::optional<std::size_t> parent;  // place in ParentIndex::stored
        std::vector<std::uint64_t> lengths, checksums;
        store::IndexEntry entry;
    };
    void compress(Output& output, const std::shared_ptr<const std::string>& text);
    static void add_frame(Output& output, std::string_view frame);
    void copy_parts();
    void copy_frames(Output& output, std::size_t first, std::size_t end);

    const base::ShaDigests digests_;
    base::WorkQueue& queue_;
    std::string name_;
    std::optional<ParentIndex> parent_;
    TextWriter text_;
    std::vector<std::unique_ptr<Output>> outputs_;
    std::string part_;                           // what was written of it
    std::size_t copy_first_ = 0, copy_end_ = 0;  // parts of the parent that are still to be copied
    std::uint64_t copy_size_ = 0;                // bytes of their text
};

}  // namespace repotool::publisher
