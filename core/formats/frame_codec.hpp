// SPDX-License-Identifier: GPL-3.0-or-later
// What each compression does for frames.hpp; private to this folder.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/formats/frames.hpp"

namespace repotool::formats {

inline constexpr std::size_t kFrameBuffer = std::size_t{64} << 10U;

class FrameEncoder {
public:
    virtual ~FrameEncoder() = default;
    virtual void begin_file(const ByteSink&) {}
    virtual void write(std::string_view text, const ByteSink& sink) = 0;
    virtual void finish_frame(const ByteSink& sink) = 0;
    // A frame of another file goes into this one as it is.
    virtual void note_copied(std::string_view) {}
    virtual void finish_file(const ByteSink&) {}
};

std::unique_ptr<FrameEncoder> make_gzip_encoder();
std::unique_ptr<FrameEncoder> make_xz_encoder();
std::unique_ptr<FrameEncoder> make_zstd_encoder();

// Hands text on and keeps to the limit.
class LimitedSink {
public:
    LimitedSink(const ByteSink& sink, std::uint64_t limit) : sink_(sink), left_(limit) {}
    void operator()(std::string_view text);

private:
    const ByteSink& sink_;
    std::uint64_t left_;
};

using ByteSource = std::function<std::string_view()>;
void unpack_gzip(const ByteSource& read, LimitedSink sink);
void unpack_zstd(const ByteSource& read, LimitedSink sink);
void unpack_xz(const ByteSource& read, LimitedSink sink);
// One block, without the stream around it.
void unpack_xz_block(std::string_view block, LimitedSink sink);

// Throws base::Error (integrity).
[[noreturn]] void damaged_frame(const std::string& reason);

}  // namespace repotool::formats
