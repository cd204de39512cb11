// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/packed_file.hpp"

#include <lzma.h>

#include <array>
#include <functional>
#include <istream>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "core/base/input_stream.hpp"
#include "core/base/text.hpp"
#include "core/formats/frames.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

using Reader = std::function<std::string_view()>;

constexpr std::size_t kBlockSize = std::size_t{64} << 10U;
constexpr std::uint64_t kXzMemoryLimit = std::uint64_t{66} << 20U;  // a little more than `xz -9` needs

// Takes at most `limit` bytes.
class LimitedText {
public:
    LimitedText(std::uint64_t limit, const std::string& shown_as) : limit_(limit), shown_as_(shown_as) {}
    void append(std::string_view bytes) {
        if (bytes.size() > limit_ - text_.size()) {
            refuse(shown_as_, "it has more than " + base::human_size(limit_) + " unpacked");
        }
        text_ += bytes;
    }
    std::string take() { return std::move(text_); }

private:
    std::uint64_t limit_;
    const std::string& shown_as_;
    std::string text_;
};

void unpack_xz(const Reader& read, const ByteSink& sink, const std::string& shown_as) {
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, kXzMemoryLimit, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
    const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> guard(&stream, lzma_end);
    std::array<char, kBlockSize> buffer{};
    lzma_ret status = LZMA_OK;
    bool is_last = false;
    while (status != LZMA_STREAM_END) {
        if (stream.avail_in == 0 && !is_last) {
            const std::string_view bytes = read();
            is_last = bytes.empty();
            stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
            stream.avail_in = bytes.size();
        }
        stream.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
        stream.avail_out = buffer.size();
        status = lzma_code(&stream, is_last ? LZMA_FINISH : LZMA_RUN);
        sink({buffer.data(), buffer.size() - stream.avail_out});
        if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
        if (status == LZMA_MEMLIMIT_ERROR) refuse(shown_as, "its xz data wants more than 66 MiB of memory");
        if (status == LZMA_BUF_ERROR) refuse(shown_as, "its xz data ends too early");
        if (status != LZMA_OK && status != LZMA_STREAM_END) refuse(shown_as, "its xz data is damaged");
    }
}

// The limit is the sink's, which says it in its own words.
void unpack(Compression compression, const Reader& read, const ByteSink& sink, const std::string& shown_as) {
    try {
        unpack_file(compression, read, sink, std::numeric_limits<std::uint64_t>::max());
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
        refuse(shown_as, error.reason());
    }
}

}  // namespace

std::string read_packed_file(const std::string& path, std::uint64_t limit, const std::string& shown_as) {
    const auto file = base::open_input_stream(path);
    if (!file) refuse(shown_as, "the file cannot be opened");
    std::string block(kBlockSize, '\0');
    const Reader read_block = [&]() -> std::string_view {
        file->read(block.data(), static_cast<std::streamsize>(block.size()));
        return {block.data(), static_cast<std::size_t>(file->gcount())};
    };
    std::string_view first = read_block();
    const std::string_view magic = first;
    const Reader read = [&] { return first.empty() ? read_block() : std::exchange(first, {}); };

    LimitedText text(limit, shown_as);
    const ByteSink sink = [&text](std::string_view bytes) { text.append(bytes); };
    if (magic.starts_with("\x1f\x8b")) {
        unpack(Compression::gz, read, sink, shown_as);
    } else if (magic.starts_with("\x28\xb5\x2f\xfd")) {
        unpack(Compression::zst, read, sink, shown_as);
    } else if (magic.starts_with(std::string_view("\xfd\x37zXZ\0", 6))) {
        unpack_xz(read, sink, shown_as);
    } else if (magic.starts_with("BZh")) {
        refuse(shown_as, "it is packed with bzip2; gzip, xz, zstd and none are supported");
    } else {
        for (auto bytes = read(); !bytes.empty(); bytes = read()) sink(bytes);
    }
    return text.take();
}

}  // namespace repotool::formats::rpm
