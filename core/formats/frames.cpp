// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/frames.hpp"

#include <array>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/formats/frame_codec.hpp"

namespace repotool::formats {
namespace {

constexpr std::uint64_t kXzStreamHeader = 12;

std::unique_ptr<FrameCompressor> make_compressor(Compression compression) {
    switch (compression) {
        case Compression::gz:
            return make_gzip_compressor();
        case Compression::xz:
            return make_xz_compressor();
        case Compression::zst:
            return make_zstd_compressor();
    }
    return nullptr;
}

// All of `bytes` at once, then the end.
ByteSource source_of(std::string_view bytes) {
    return [bytes]() mutable { return std::exchange(bytes, std::string_view()); };
}

}  // namespace

[[noreturn]] void damaged_frame(const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "unpack", "index", reason);
}

void LimitedSink::operator()(std::string_view text) {
    if (text.size() > left_) damaged_frame("it unpacks to more bytes than its metadata says");
    left_ -= text.size();
    sink_(text);
}

const char* compression_name(Compression compression) noexcept {
    switch (compression) {
        case Compression::gz:
            return "gz";
        case Compression::xz:
            return "xz";
        case Compression::zst:
            return "zst";
    }
    return "gz";
}

Compression parse_compression(std::string_view name) {
    for (const auto compression : {Compression::gz, Compression::xz, Compression::zst}) {
        if (name == compression_name(compression)) return compression;
    }
    throw base::Error(base::ErrorKind::usage, "use compression", std::string(name), "expected gz, xz or zst");
}

std::uint64_t bytes_before_frames(Compression compression) noexcept {
    return compression == Compression::xz ? kXzStreamHeader : 0;
}

std::string pack_frame(Compression compression, std::string_view text) {
    // They cost more to make than a small frame does.
    thread_local std::array<std::unique_ptr<FrameCompressor>, 3> compressors;
    auto& compressor = compressors.at(static_cast<std::size_t>(compression));
    if (!compressor) compressor = make_compressor(compression);
    return compressor->compress(text);
}

FrameWriter::FrameWriter(Compression compression, ByteSink sink)
    : sink_(std::move(sink)),
      container_(compression == Compression::xz ? make_xz_container() : std::make_unique<FrameContainer>()) {
    sink_(container_->header());
}
FrameWriter::~FrameWriter() = default;

void FrameWriter::add_frame(std::string_view frame) {
    if (frame.empty()) return;
    container_->add(frame);
    sink_(frame);
}

void FrameWriter::finish_file() {
    sink_(container_->footer());
}

void unpack_file(Compression compression, const std::function<std::string_view()>& read, const ByteSink& sink,
                 std::uint64_t limit) {
    switch (compression) {
        case Compression::gz:
            return unpack_gzip(read, {sink, limit});
        case Compression::xz:
            return unpack_xz(read, {sink, limit});
        case Compression::zst:
            return unpack_zstd(read, {sink, limit});
    }
}

std::string unpack_file(Compression compression, std::string_view bytes, std::uint64_t limit) {
    std::string text;
    unpack_file(
        compression, source_of(bytes), [&](std::string_view part) { text += part; }, limit);
    return text;
}

std::string unpack_frame(Compression compression, std::string_view frame, std::uint64_t limit) {
    if (frame.empty()) return {};
    if (compression == Compression::gz) return unpack_gzip_member(frame, limit);
    if (compression == Compression::zst) return unpack_file(compression, frame, limit);
    std::string text;
    const ByteSink keep = [&](std::string_view part) { text += part; };
    unpack_xz_block(frame, {keep, limit});
    return text;
}

std::string pack_file(Compression compression, std::string_view text) {
    std::string bytes;
    FrameWriter writer(compression, [&](std::string_view part) { bytes += part; });
    writer.add_frame(pack_frame(compression, text));
    writer.finish_file();
    return bytes;
}

}  // namespace repotool::formats
