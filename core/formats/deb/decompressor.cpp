// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/decompressor.hpp"

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <new>
#include <string>

#include "core/base/error.hpp"

namespace repotool::formats::deb {
namespace {

constexpr int kZstdWindowLogMax = 27;

// What the three decoders share: an input buffer, and the rules about the end.
class Decoder : public ByteSource {
public:
    Decoder(ByteSource& compressed, const DecoderLimits& limits) : limits_(limits), compressed_(compressed) {}

    std::size_t read(std::span<char> buffer) final {
        if (buffer.empty()) return 0;
        while (!finished_) {
            if (input_.empty()) refill();
            const std::size_t before = input_.size();
            const std::size_t produced = step(buffer);
            if (finished_) expect_end();
            if (produced > 0) return produced;
            if (!finished_ && input_.empty() && ended_) refuse("its compressed data ends too early");
            if (!finished_ && !input_.empty() && input_.size() == before)
                refuse("its compressed data is damaged");
        }
        return 0;
    }

protected:
    // Decodes from `input_`, removes what it used, sets `finished_` at the end of the stream; returns bytes
    // produced.
    virtual std::size_t step(std::span<char> output) = 0;

    [[noreturn]] void refuse(std::string reason) const {
        throw base::Error(base::ErrorKind::input, "read", limits_.part, std::move(reason));
    }

    const DecoderLimits limits_;
    std::span<char> input_;
    bool finished_ = false;
    bool ended_ = false;

private:
    void refill() {
        const std::size_t count = compressed_.read(storage_);
        ended_ = count == 0;
        input_ = std::span<char>(storage_.data(), count);
    }

    void expect_end() {
        if (input_.empty()) refill();
        if (!input_.empty()) refuse("it has bytes after the end of its compressed data");
    }

    ByteSource& compressed_;
    std::array<char, 16384> storage_{};
};

class GzipDecoder final : public Decoder {
public:
    GzipDecoder(ByteSource& compressed, const DecoderLimits& limits) : Decoder(compressed, limits) {
        constexpr int kGzipOnly = 16;
        if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
    }
    ~GzipDecoder() override { inflateEnd(&stream_); }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;

protected:
    std::size_t step(std::span<char> output) override {
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(input_.size());
        stream_.next_out = reinterpret_cast<Bytef*>(output.data());
        stream_.avail_out = static_cast<uInt>(output.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            refuse("its gzip data is damaged");
        input_ = input_.last(stream_.avail_in);
        finished_ = status == Z_STREAM_END;
        return output.size() - stream_.avail_out;
    }

private:
    z_stream stream_{};
};

class XzDecoder final : public Decoder {
public:
    XzDecoder(ByteSource& compressed, const DecoderLimits& limits) : Decoder(compressed, limits) {
        if (lzma_stream_decoder(&stream_, limits.xz_memory, 0) != LZMA_OK) throw std::bad_alloc();
    }
    ~XzDecoder() override { lzma_end(&stream_); }
    XzDecoder(const XzDecoder&) = delete;
    XzDecoder& operator=(const XzDecoder&) = delete;

protected:
    std::size_t step(std::span<char> output) override {
        stream_.next_in = reinterpret_cast<std::uint8_t*>(input_.data());
        stream_.avail_in = input_.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
        stream_.avail_out = output.size();
        const lzma_ret status = lzma_code(&stream_, ended_ ? LZMA_FINISH : LZMA_RUN);
        if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
        if (status == LZMA_MEMLIMIT_ERROR)
            refuse(fmt::format("its xz data wants more than {} MiB of memory", limits_.xz_memory >> 20U));
        if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) {
            refuse("its xz data is damaged");
        }
        input_ = input_.last(stream_.avail_in);
        finished_ = status == LZMA_STREAM_END;
        return output.size() - stream_.avail_out;
    }

private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdDecoder final : public Decoder {
public:
    ZstdDecoder(ByteSource& compressed, const DecoderLimits& limits)
        : Decoder(compressed, limits), context_(ZSTD_createDCtx()) {
        if (!context_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }

protected:
    std::size_t step(std::span<char> output) override {
        ZSTD_inBuffer source{input_.data(), input_.size(), 0};
        ZSTD_outBuffer target{output.data(), output.size(), 0};
        const std::size_t status = ZSTD_decompressStream(context_.get(), &target, &source);
        if (ZSTD_isError(status) != 0) refuse(std::string("its zstd data: ") + ZSTD_getErrorName(status));
        input_ = input_.subspan(source.pos);
        finished_ = status == 0;
        return target.pos;
    }

private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_DCtx, Free> context_;
};

class Plain final : public ByteSource {
public:
    explicit Plain(ByteSource& source) : source_(source) {}
    std::size_t read(std::span<char> buffer) override { return source_.read(buffer); }

private:
    ByteSource& source_;
};

}  // namespace

std::unique_ptr<ByteSource> decompress(Compression compression, ByteSource& compressed,
                                       const DecoderLimits& limits) {
    switch (compression) {
        case Compression::gzip:
            return std::make_unique<GzipDecoder>(compressed, limits);
        case Compression::xz:
            return std::make_unique<XzDecoder>(compressed, limits);
        case Compression::zstd:
            return std::make_unique<ZstdDecoder>(compressed, limits);
        case Compression::none:
        case Compression::bzip2:
        case Compression::lzma:
            break;
    }
    return std::make_unique<Plain>(compressed);
}

}  // namespace repotool::formats::deb
