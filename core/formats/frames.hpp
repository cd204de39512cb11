// SPDX-License-Identifier: GPL-3.0-or-later
// Compressed frames: one gzip member (RFC 1952) or one Zstandard frame (RFC 8878) each. Concatenated frames
// are a valid file that apt, dnf and zypper read, so an index is made of the frames of its chunks
// (docs/FORMAT.md §5.3). A frame depends on its text alone. (Concatenated xz streams are not read by apt 2.6
// and libsolv, hence no xz here.)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace repotool::formats {

enum class Compression { gz, zst };

const char* compression_name(Compression compression) noexcept;
// Throws base::Error (usage) for anything but "gz" and "zst".
Compression parse_compression(std::string_view name);

using ByteSink = std::function<void(std::string_view)>;

// Compresses a stream of text into frames, one after the other.
class FrameWriter {
public:
    FrameWriter(Compression compression, ByteSink sink);
    ~FrameWriter();
    FrameWriter(FrameWriter&&) noexcept;
    FrameWriter& operator=(FrameWriter&&) noexcept;
    void write(std::string_view text);
    // Ends the frame; returns its compressed length in bytes. The next write begins another one.
    std::uint64_t finish_frame();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Unpacks concatenated frames: `read` gives the next bytes (empty at the end), `sink` gets at most `limit`
// bytes of text. Throws base::Error (integrity) for damaged or truncated input and beyond the limit.
void unpack_frames(Compression compression, const std::function<std::string_view()>& read,
                   const ByteSink& sink, std::uint64_t limit);
std::string unpack_frame(Compression compression, std::string_view bytes, std::uint64_t limit);

}  // namespace repotool::formats
