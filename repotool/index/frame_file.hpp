// SPDX-License-Identifier: GPL-3.0-or-later
// A staged index file that is written segment by segment, and read back once it is whole: the digest that the
// manifest gets is that of the bytes on the disk, and each segment there is the one that was meant; private
// to the index builder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/checksum.hpp"
#include "core/base/sha_stream.hpp"
#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"

namespace repotool::publisher {

class FrameFile {
public:
    FrameFile(fs::Filesystem& filesystem, std::string path, unsigned mode);
    void write(std::string_view bytes);
    // Ends a segment: what was written since the last cut, maybe nothing. Returns its checksum.
    std::uint64_t cut();
    void close(base::UnixSeconds mtime);

    struct Segment {
        std::uint64_t length = 0;
        std::uint64_t checksum = 0;
    };
    const std::vector<Segment>& segments() const noexcept { return segments_; }
    const std::string& path() const noexcept { return path_; }
    std::uint64_t size() const noexcept { return size_; }

private:
    void flush();

    std::string path_;
    std::unique_ptr<fs::File> file_;
    std::string buffer_;
    base::Checksum checksum_;
    std::uint64_t size_ = 0;
    std::uint64_t segment_begin_ = 0;
    std::vector<Segment> segments_;
};

// Closed files, a block of each in turn, so that several are hashed side by side.
class ReadBack {
public:
    explicit ReadBack(fs::Filesystem& filesystem);
    ~ReadBack();
    // `entry` gets size and digests; both outlive run().
    void add(const FrameFile& file, base::ShaDigests digests, store::IndexEntry& entry);
    // Throws base::Error (integrity) where the disk holds something else than was written.
    void run();

private:
    class Reading;
    fs::Filesystem& filesystem_;
    std::vector<std::unique_ptr<Reading>> readings_;
};

}  // namespace repotool::publisher
