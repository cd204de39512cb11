// SPDX-License-Identifier: GPL-3.0-or-later
// An index file by its parts: header, one for each chunk, footer (docs/FORMAT.md §5.3).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/frames.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"

namespace repotool::publisher {

// Parts of a file that lie one after the other, from `begin` on.
class FileParts {
public:
    FileParts(std::unique_ptr<fs::File> file, std::uint64_t begin, std::vector<std::uint64_t> lengths);
    // Throws base::Error (integrity) where the file is too short.
    std::string part(std::size_t number) const;
    // Parts from `first` on, before `limit`: about `most` bytes; `end` gets the first that is not among them.
    std::string run(std::size_t first, std::size_t limit, std::size_t most, std::size_t& end) const;
    std::uint64_t length(std::size_t number) const { return lengths_.at(number); }
    std::size_t count() const noexcept { return lengths_.size(); }
    fs::File& file() const noexcept { return *file_; }

private:
    std::unique_ptr<fs::File> file_;
    std::uint64_t file_size_;
    std::vector<std::uint64_t> offsets_;
    std::vector<std::uint64_t> lengths_;
};

// One stored compression of an index. Throws base::Error (integrity) for a frame table that does not have it.
class StoredIndex {
public:
    StoredIndex(std::unique_ptr<fs::File> file, const std::string& compression,
                const store::IndexFrames& frames);
    formats::Compression compression() const noexcept { return compression_; }
    std::size_t parts() const noexcept { return frames_.count(); }
    std::string frame(std::size_t part) const { return frames_.part(part); }
    std::uint64_t frame_size(std::size_t part) const { return frames_.length(part); }
    // As FileParts::run().
    std::string frames(std::size_t first, std::size_t limit, std::size_t most, std::size_t& end) const {
        return frames_.run(first, limit, most, end);
    }
    // Unpacked.
    std::string text(std::size_t part) const;
    // The whole file, as a client reads it; `size` bytes, else throws base::Error (integrity).
    void unpack(std::uint64_t size, const std::function<void(std::string_view)>& take) const;
    fs::File& file() const noexcept { return frames_.file(); }

private:
    formats::Compression compression_;
    FileParts frames_;
    std::vector<std::uint64_t> text_lengths_;
};

}  // namespace repotool::publisher
