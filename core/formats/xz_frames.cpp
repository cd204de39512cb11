// SPDX-License-Identifier: GPL-3.0-or-later
// Frames as blocks of one .xz stream (the .xz file format 1.1.0), with liblzma. Each block
// says its sizes in its header, so that it can be told into another stream's index without being unpacked.
#include <fmt/format.h>
#include <lzma.h>

#include <new>
#include <stdexcept>

#include "core/formats/frame_codec.hpp"

namespace repotool::formats {
namespace {

constexpr std::uint32_t kPreset = 6;
// A chunk is smaller than this, and a larger dictionary costs each reader and each block memory.
constexpr std::uint32_t kDictionary = std::uint32_t{1} << 20U;
constexpr lzma_check kCheck = LZMA_CHECK_CRC64;
constexpr std::uint64_t kReaderMemory = std::uint64_t{64} << 20U;

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

// What liblzma says of our own use of it, never of foreign bytes.
void demand(lzma_ret status, const char* what) {
    if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (status != LZMA_OK) throw std::runtime_error(fmt::format("liblzma: {} gives {}", what, status));
}

class Stream {
public:
    Stream() = default;
    ~Stream() { lzma_end(&stream_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    lzma_stream* get() noexcept { return &stream_; }
    void give(std::string_view bytes) {
        stream_.next_in = bytes_of(bytes);
        stream_.avail_in = bytes.size();
    }
    bool is_empty() const noexcept { return stream_.avail_in == 0; }
    // Runs until the input is used up and nothing is held back, or the end; hands on what comes out.
    template <typename Sink>
    lzma_ret run(lzma_action action, Sink&& sink) {
        lzma_ret status = LZMA_OK;
        do {
            stream_.next_out = buffer_.data();
            stream_.avail_out = buffer_.size();
            status = lzma_code(&stream_, action);
            sink(std::string_view(reinterpret_cast<const char*>(buffer_.data()),
                                  buffer_.size() - stream_.avail_out));
        } while (status == LZMA_OK &&
                 (action == LZMA_FINISH || stream_.avail_in > 0 || stream_.avail_out == 0));
        return status;
    }

private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    std::array<std::uint8_t, kFrameBuffer> buffer_{};
};

// The header of a block, with the filters that it names.
class BlockHeader {
public:
    explicit BlockHeader(std::string_view block) {
        block_.check = kCheck;
        block_.filters = filters_.data();
        for (auto& filter : filters_) filter.id = LZMA_VLI_UNKNOWN;
        if (block.empty() || block[0] == 0) damaged_frame("its xz block has no header");
        block_.header_size = lzma_block_header_size_decode(static_cast<std::uint8_t>(block[0]));
        if (block_.header_size > block.size() ||
            lzma_block_header_decode(&block_, nullptr, bytes_of(block)) != LZMA_OK)
            damaged_frame("the header of its xz block is damaged");
        is_decoded_ = true;
    }
    ~BlockHeader() {
        if (is_decoded_) lzma_filters_free(filters_.data(), nullptr);
    }
    BlockHeader(const BlockHeader&) = delete;
    BlockHeader& operator=(const BlockHeader&) = delete;
    lzma_block* get() noexcept { return &block_; }
    std::uint64_t reader_memory() const noexcept { return lzma_raw_decoder_memusage(filters_.data()); }

private:
    lzma_block block_{};
    std::array<lzma_filter, LZMA_FILTERS_MAX + 1> filters_{};
    bool is_decoded_ = false;
};

class XzCompressor : public FrameCompressor {
public:
    XzCompressor() {
        if (lzma_lzma_preset(&options_, kPreset)) throw std::bad_alloc();
        options_.dict_size = kDictionary;
        filters_[0] = {LZMA_FILTER_LZMA2, &options_};
        filters_[1] = {LZMA_VLI_UNKNOWN, nullptr};
    }
    XzCompressor(const XzCompressor&) = delete;
    XzCompressor& operator=(const XzCompressor&) = delete;

    // The header comes first and names the sizes, so it is made when they are known.
    std::string compress(std::string_view text) override {
        lzma_block block{};
        block.check = kCheck;
        block.filters = filters_.data();
        block.compressed_size = LZMA_VLI_UNKNOWN;
        block.uncompressed_size = LZMA_VLI_UNKNOWN;
        demand(lzma_block_encoder(stream_.get(), &block), "lzma_block_encoder");
        stream_.give(text);
        std::string packed;
        const lzma_ret status = stream_.run(LZMA_FINISH, [&](std::string_view bytes) { packed += bytes; });
        demand(status == LZMA_STREAM_END ? LZMA_OK : status, "lzma_code");
        demand(lzma_block_header_size(&block), "lzma_block_header_size");
        std::string header(block.header_size, '\0');
        demand(lzma_block_header_encode(&block, reinterpret_cast<std::uint8_t*>(header.data())),
               "lzma_block_header_encode");
        return header + packed;
    }

private:
    lzma_options_lzma options_{};
    std::array<lzma_filter, 2> filters_{};
    Stream stream_;
};

class XzContainer : public FrameContainer {
public:
    XzContainer()
        : index_(lzma_index_init(nullptr), [](lzma_index* index) { lzma_index_end(index, nullptr); }) {
        if (!index_) throw std::bad_alloc();
        flags_.check = kCheck;
    }

    std::string header() override {
        std::string header(LZMA_STREAM_HEADER_SIZE, '\0');
        demand(lzma_stream_header_encode(&flags_, reinterpret_cast<std::uint8_t*>(header.data())),
               "lzma_stream_header_encode");
        return header;
    }

    void add(std::string_view frame) override {
        BlockHeader header(frame);
        const lzma_block& block = *header.get();
        if (block.compressed_size == LZMA_VLI_UNKNOWN || block.uncompressed_size == LZMA_VLI_UNKNOWN ||
            lzma_block_total_size(&block) != frame.size())
            damaged_frame("its xz block has another size than its header says");
        demand(lzma_index_append(index_.get(), nullptr, lzma_block_unpadded_size(&block),
                                 block.uncompressed_size),
               "lzma_index_append");
    }

    std::string footer() override {
        std::string tail(lzma_index_size(index_.get()) + LZMA_STREAM_HEADER_SIZE, '\0');
        auto* bytes = reinterpret_cast<std::uint8_t*>(tail.data());
        std::size_t size = 0;
        demand(lzma_index_buffer_encode(index_.get(), bytes, &size, tail.size()), "lzma_index_buffer_encode");
        flags_.backward_size = lzma_index_size(index_.get());
        demand(lzma_stream_footer_encode(&flags_, bytes + size), "lzma_stream_footer_encode");
        return tail;
    }

private:
    std::unique_ptr<lzma_index, void (*)(lzma_index*)> index_;
    lzma_stream_flags flags_{};
};

}  // namespace

std::unique_ptr<FrameCompressor> make_xz_compressor() {
    return std::make_unique<XzCompressor>();
}

std::unique_ptr<FrameContainer> make_xz_container() {
    return std::make_unique<XzContainer>();
}

void unpack_xz(const ByteSource& read, LimitedSink sink) {
    Stream stream;
    demand(lzma_stream_decoder(stream.get(), kReaderMemory, 0), "lzma_stream_decoder");
    lzma_ret status = LZMA_OK;
    for (std::string_view bytes = read(); !bytes.empty(); bytes = read()) {
        if (status == LZMA_STREAM_END) damaged_frame("there is more after its xz stream");
        stream.give(bytes);
        status = stream.run(LZMA_RUN, sink);
        if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR)
            damaged_frame("its xz data is damaged");
        if (status == LZMA_STREAM_END && !stream.is_empty())
            damaged_frame("there is more after its xz stream");
    }
    if (status != LZMA_STREAM_END) damaged_frame("its xz data ends too early");
}

void unpack_xz_block(std::string_view block, LimitedSink sink) {
    BlockHeader header(block);
    if (header.reader_memory() > kReaderMemory) damaged_frame("its xz block wants too much memory");
    Stream stream;
    demand(lzma_block_decoder(stream.get(), header.get()), "lzma_block_decoder");
    stream.give(block.substr(header.get()->header_size));
    if (stream.run(LZMA_FINISH, sink) != LZMA_STREAM_END) damaged_frame("its xz block is damaged");
    if (!stream.is_empty()) damaged_frame("there is more after its xz block");
}

}  // namespace repotool::formats
