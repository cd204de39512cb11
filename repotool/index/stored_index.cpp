// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/stored_index.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

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
    : file_(std::move(file)), offsets_(lengths.size()), lengths_(std::move(lengths)) {
    std::exclusive_scan(lengths_.begin(), lengths_.end(), offsets_.begin(), begin);
}

std::string FileParts::part(std::size_t number) const {
    if (number < lengths_.size() && lengths_[number] <= file_->status().size) {
        std::string bytes(lengths_[number], '\0');
        if (file_->read_at(bytes, offsets_[number]) == bytes.size()) return bytes;
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

}  // namespace repotool::publisher
