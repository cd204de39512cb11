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

// Makes one frame after the other; each depends on its text alone. For one thread.
class FrameCompressor {
public:
    virtual ~FrameCompressor() = default;
    virtual std::string compress(std::string_view text) = 0;
};

std::unique_ptr<FrameCompressor> make_gzip_compressor();
std::unique_ptr<FrameCompressor> make_xz_compressor();
std::unique_ptr<FrameCompressor> make_zstd_compressor();

// What a file has around its frames.
class FrameContainer {
public:
    virtual ~FrameContainer() = default;
    virtual std::string header() { return {}; }
    virtual void add(std::string_view) {}
    virtual std::string footer() { return {}; }
};

std::unique_ptr<FrameContainer> make_xz_container();

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
// One member.
std::string unpack_gzip_member(std::string_view member, std::uint64_t limit);
// One block, without the stream around it.
void unpack_xz_block(std::string_view block, LimitedSink sink);

// Throws base::Error (integrity).
[[noreturn]] void damaged_frame(const std::string& reason);

}  // namespace repotool::formats
