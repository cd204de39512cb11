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

class ZstdCompressor : public FrameCompressor {
public:
    ZstdCompressor() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (!context_) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    }
    std::string compress(std::string_view text) override {
        std::string frame(ZSTD_compressBound(text.size()), '\0');
        const std::size_t size =
            ZSTD_compress2(context_.get(), frame.data(), frame.size(), text.data(), text.size());
        if (ZSTD_isError(size) != 0)
            throw std::runtime_error(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
        frame.resize(size);
        return frame;
    }

private:
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_;
};

}  // namespace

std::unique_ptr<FrameCompressor> make_zstd_compressor() {
    return std::make_unique<ZstdCompressor>();
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
