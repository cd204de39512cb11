// SPDX-License-Identifier: GPL-3.0-or-later
// Frames as gzip members (RFC 1952), with zlib.
#include <zlib.h>

#include <new>

#include "core/formats/frame_codec.hpp"

namespace repotool::formats {
namespace {

constexpr int kLevel = 6;
constexpr int kWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapper

class GzipEncoder : public FrameEncoder {
public:
    GzipEncoder() {
        if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
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
    void finish_frame(const ByteSink& sink) override {
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
    std::array<char, kFrameBuffer> buffer_{};
};

}  // namespace

std::unique_ptr<FrameEncoder> make_gzip_encoder() {
    return std::make_unique<GzipEncoder>();
}

void unpack_gzip(const ByteSource& read, LimitedSink sink) {
    z_stream stream{};
    if (inflateInit2(&stream, kWindow) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
    std::array<char, kFrameBuffer> buffer{};
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
                damaged_frame("its gzip data is damaged");
            }
        } while (stream.avail_in > 0 || stream.avail_out == 0);
    }
    if (inside) damaged_frame("its gzip data ends too early");
}

}  // namespace repotool::formats
