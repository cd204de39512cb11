// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of Zstandard (RFC 8878), with libzstd.
#include <fmt/format.h>
#include <zstd.h>

#include <new>
#include <stdexcept>

#include "core/formats/frame_codec.hpp"

namespace repotool::formats {
namespace {

constexpr int kLevel = 3;

class ZstdEncoder : public FrameEncoder {
public:
    ZstdEncoder() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (!context_) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
    }
    void write(std::string_view text, const ByteSink& sink) override { run(text, ZSTD_e_continue, sink); }
    void finish_frame(const ByteSink& sink) override { run({}, ZSTD_e_end, sink); }

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
    std::array<char, kFrameBuffer> buffer_{};
};

}  // namespace

std::unique_ptr<FrameEncoder> make_zstd_encoder() {
    return std::make_unique<ZstdEncoder>();
}

void unpack_zstd(const ByteSource& read, LimitedSink sink) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    std::array<char, kFrameBuffer> buffer{};
    std::size_t status = 0;
    for (std::string_view bytes = read(); !bytes.empty(); bytes = read()) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
        do {
            out.pos = 0;
            status = ZSTD_decompressStream(context.get(), &out, &in);
            if (ZSTD_isError(status) != 0)
                damaged_frame(fmt::format("its zstd data is damaged ({})", ZSTD_getErrorName(status)));
            sink({buffer.data(), out.pos});
            if (status == 0 && in.pos == in.size)
                break;  // a whole frame; another call would begin the next one
        } while (in.pos < in.size || out.pos == out.size);
    }
    if (status != 0) damaged_frame("its zstd data ends too early");
}

}  // namespace repotool::formats
