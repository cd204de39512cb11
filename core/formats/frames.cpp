// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/frames.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace repotool::formats {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapper
constexpr std::size_t kBufferSize = std::size_t{64} << 10U;

[[noreturn]] void damaged(const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "unpack", "index", reason);
}

class Encoder {
public:
    virtual ~Encoder() = default;
    virtual void write(std::string_view text, const ByteSink& sink) = 0;
    virtual void finish(const ByteSink& sink) = 0;
};

class GzipEncoder : public Encoder {
public:
    GzipEncoder() {
        if (deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~GzipEncoder() override { deflateEnd(&stream_); }
    GzipEncoder(const GzipEncoder&) = delete;
    GzipEncoder& operator=(const GzipEncoder&) = delete;

    void write(std::string_view text, const ByteSink& sink) override {
        while (!text.empty()) {  // zlib counts in unsigned int
            const std::string_view part = text.substr(0, std::size_t{1} << 30U);
            run(part, Z_NO_FLUSH, sink);
            text.remove_prefix(part.size());
        }
    }
    void finish(const ByteSink& sink) override {
        run({}, Z_FINISH, sink);
        deflateReset(&stream_);
    }

private:
    void run(std::string_view text, int flush, const ByteSink& sink) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream_.avail_in = static_cast<uInt>(text.size());
        int status = Z_OK;
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
            stream_.avail_out = static_cast<uInt>(buffer_.size());
            status = deflate(&stream_, flush);
            sink({buffer_.data(), buffer_.size() - stream_.avail_out});
        } while (flush == Z_FINISH ? status != Z_STREAM_END : stream_.avail_out == 0);
    }
    z_stream stream_{};
    std::array<char, kBufferSize> buffer_{};
};

class ZstdEncoder : public Encoder {
public:
    ZstdEncoder() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (!context_) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
    }
    void write(std::string_view text, const ByteSink& sink) override { run(text, ZSTD_e_continue, sink); }
    void finish(const ByteSink& sink) override { run({}, ZSTD_e_end, sink); }

private:
    void run(std::string_view text, ZSTD_EndDirective directive, const ByteSink& sink) {
        ZSTD_inBuffer in{text.data(), text.size(), 0};
        std::size_t left = 0;
        do {
            ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
            left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
            if (ZSTD_isError(left) != 0)
                throw std::runtime_error(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
            sink({buffer_.data(), out.pos});
        } while (directive == ZSTD_e_end ? left != 0 : in.pos < in.size);
    }
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_;
    std::array<char, kBufferSize> buffer_{};
};

// Hands text on and keeps to the limit.
class LimitedSink {
public:
    LimitedSink(const ByteSink& sink, std::uint64_t limit) : sink_(sink), left_(limit) {}
    void operator()(std::string_view text) {
        if (text.size() > left_) damaged("it unpacks to more bytes than its metadata says");
        left_ -= text.size();
        sink_(text);
    }

private:
    const ByteSink& sink_;
    std::uint64_t left_;
};

void unpack_gzip(const std::function<std::string_view()>& read, LimitedSink sink) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
    std::array<char, kBufferSize> buffer{};
    bool inside = false;
    for (std::string_view bytes = read(); !bytes.empty(); bytes = read()) {
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<uInt>(bytes.size());
        do {  // until the input is used up and nothing is held back for want of room
            inside = inside || stream.avail_in > 0;
            stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream.avail_out = static_cast<uInt>(buffer.size());
            const int status = inflate(&stream, Z_NO_FLUSH);
            sink({buffer.data(), buffer.size() - stream.avail_out});
            if (status == Z_STREAM_END) {
                inflateReset(&stream);
                inside = false;
                if (stream.avail_in == 0) break;
            } else if (status != Z_OK && status != Z_BUF_ERROR) {
                damaged("its gzip data is damaged");
            }
        } while (stream.avail_in > 0 || stream.avail_out == 0);
    }
    if (inside) damaged("its gzip data ends too early");
}

void unpack_zstd(const std::function<std::string_view()>& read, LimitedSink sink) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    std::array<char, kBufferSize> buffer{};
    std::size_t status = 0;
    for (std::string_view bytes = read(); !bytes.empty(); bytes = read()) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
        do {
            out.pos = 0;
            status = ZSTD_decompressStream(context.get(), &out, &in);
            if (ZSTD_isError(status) != 0)
                damaged(fmt::format("its zstd data is damaged ({})", ZSTD_getErrorName(status)));
            sink({buffer.data(), out.pos});
            if (status == 0 && in.pos == in.size)
                break;  // a whole frame; another call would begin the next one
        } while (in.pos < in.size || out.pos == out.size);
    }
    if (status != 0) damaged("its zstd data ends too early");
}

}  // namespace

const char* compression_name(Compression compression) noexcept {
    return compression == Compression::gz ? "gz" : "zst";
}

Compression parse_compression(std::string_view name) {
    if (name == "gz") return Compression::gz;
    if (name == "zst") return Compression::zst;
    throw base::Error(base::ErrorKind::usage, "use compression", std::string(name), "expected gz or zst");
}

struct FrameWriter::State {
    std::unique_ptr<Encoder> encoder;
    ByteSink sink;
    std::uint64_t frame_size = 0;
};

FrameWriter::FrameWriter(Compression compression, ByteSink sink) : state_(std::make_unique<State>()) {
    if (compression == Compression::gz) state_->encoder = std::make_unique<GzipEncoder>();
    if (compression == Compression::zst) state_->encoder = std::make_unique<ZstdEncoder>();
    State* state = state_.get();
    state_->sink = [state, sink = std::move(sink)](std::string_view bytes) {
        state->frame_size += bytes.size();
        if (!bytes.empty()) sink(bytes);
    };
}
FrameWriter::~FrameWriter() = default;
FrameWriter::FrameWriter(FrameWriter&&) noexcept = default;
FrameWriter& FrameWriter::operator=(FrameWriter&&) noexcept = default;

void FrameWriter::write(std::string_view text) {
    state_->encoder->write(text, state_->sink);
}

std::uint64_t FrameWriter::finish_frame() {
    state_->encoder->finish(state_->sink);
    return std::exchange(state_->frame_size, 0);
}

void unpack_frames(Compression compression, const std::function<std::string_view()>& read,
                   const ByteSink& sink, std::uint64_t limit) {
    compression == Compression::gz ? unpack_gzip(read, {sink, limit}) : unpack_zstd(read, {sink, limit});
}

std::string unpack_frame(Compression compression, std::string_view bytes, std::uint64_t limit) {
    std::string text;
    const auto read = [&] { return std::exchange(bytes, std::string_view()); };
    unpack_frames(
        compression, read, [&](std::string_view part) { text += part; }, limit);
    return text;
}

}  // namespace repotool::formats
