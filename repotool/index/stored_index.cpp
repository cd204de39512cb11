// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/stored_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kReadBuffer = std::size_t{256} << 10U;

const std::vector<std::uint64_t>& lengths_in(const store::IndexFrames& frames,
                                             const std::string& compression) {
    const auto found = frames.stored.find(compression);
    if (found != frames.stored.end() && found->second.size() == frames.text.size()) return found->second;
    throw base::Error(base::ErrorKind::integrity, "read", "frame table",
                      fmt::format("it does not tell where the parts of {} in compression {} are", frames.name,
                                  compression));
}

}  // namespace

FileParts::FileParts(std::unique_ptr<fs::File> file, std::uint64_t begin, std::vector<std::uint64_t> lengths)
    : file_(std::move(file)),
      file_size_(file_->status().size),
      offsets_(lengths.size()),
      lengths_(std::move(lengths)) {
    std::exclusive_scan(lengths_.begin(), lengths_.end(), offsets_.begin(), begin);
}

std::string FileParts::part(std::size_t number) const {
    std::size_t end = 0;
    return run(number, number + 1, 0, end);
}

std::string FileParts::run(std::size_t first, std::size_t limit, std::size_t most, std::size_t& end) const {
    std::uint64_t length = 0;
    for (end = first; end < std::min(limit, lengths_.size()) && (end == first || length < most); ++end)
        length += std::min(lengths_[end], file_size_ + 1);  // a length that lies must not ask for memory
    if (end > first && length <= file_size_) {
        std::string bytes(length, '\0');
        if (file_->read_at(bytes, offsets_[first]) == bytes.size()) return bytes;
    }
    throw base::Error(base::ErrorKind::integrity, "read", "index", "it is shorter than its frame table says");
}

StoredIndex::StoredIndex(std::unique_ptr<fs::File> file, const std::string& compression,
                         const store::IndexFrames& frames)
    : compression_(formats::parse_compression(compression)),
      frames_(std::move(file), formats::bytes_before_frames(compression_), lengths_in(frames, compression)),
      text_lengths_(frames.text) {}

std::string StoredIndex::text(std::size_t part) const {
    return formats::unpack_frame(compression_, frame(part), text_lengths_.at(part));
}

void StoredIndex::unpack(std::uint64_t size, const std::function<void(std::string_view)>& take) const {
    std::string buffer(kReadBuffer, '\0');
    std::uint64_t offset = 0;
    const auto read = [&] {
        const std::size_t count = file().read_at(buffer, offset);
        offset += count;
        return std::string_view(buffer.data(), count);
    };
    formats::unpack_file(compression_, read, take, size);
}

}  // namespace repotool::publisher
