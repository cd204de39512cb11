// SPDX-License-Identifier: GPL-3.0-or-later
// Compressed files that are made of frames, so that an index is made of the frames of its chunks
// (docs/FORMAT.md §5.3): a frame depends on its text alone and can be copied from one file into another.
//
//   gz   one gzip member (RFC 1952), zst one Zstandard frame (RFC 8878): a file is frames one after the other
//   xz   one block of the .xz format: a file is ONE stream of a header, the blocks, and an index of them,
//        because apt 2.6 and libsolv read no concatenated streams
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace repotool::formats {

enum class Compression { gz, xz, zst };

const char* compression_name(Compression compression) noexcept;
// Throws base::Error (usage) for anything but "gz", "xz" and "zst".
Compression parse_compression(std::string_view name);

// Where the first frame begins in a file.
std::uint64_t bytes_before_frames(Compression compression) noexcept;

using ByteSink = std::function<void(std::string_view)>;

// One text as one frame. Several threads may call it.
std::string pack_frame(Compression compression, std::string_view text);

class FrameContainer;

// Writes one file of frames.
class FrameWriter {
public:
    // What comes before the first frame goes to `sink` at once.
    FrameWriter(Compression compression, ByteSink sink);
    ~FrameWriter();
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;
    // A whole frame of the same compression, of pack_frame() or another file; an empty one is none. Throws
    // base::Error (integrity) where it is no frame.
    void add_frame(std::string_view frame);
    // What comes after the last frame. Nothing may follow.
    void finish_file();

private:
    ByteSink sink_;
    std::unique_ptr<FrameContainer> container_;
};

// One text as a whole file of one frame.
std::string pack_file(Compression compression, std::string_view text);

// Unpacks a whole file as clients do: `read` gives the next bytes (empty at the end), `sink` gets at most
// `limit` bytes of text. Throws base::Error (integrity) for damaged or truncated input and beyond the limit.
void unpack_file(Compression compression, const std::function<std::string_view()>& read, const ByteSink& sink,
                 std::uint64_t limit);
std::string unpack_file(Compression compression, std::string_view bytes, std::uint64_t limit);
// Unpacks one frame; no bytes are no text. Throws likewise.
std::string unpack_frame(Compression compression, std::string_view frame, std::uint64_t limit);

}  // namespace repotool::formats
