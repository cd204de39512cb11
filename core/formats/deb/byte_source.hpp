// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes that are pulled piece by piece, so that memory does not follow the size that a file claims.
#pragma once

#include <cstddef>
#include <span>

namespace repotool::formats::deb {

class ByteSource {
public:
    virtual ~ByteSource() = default;
    // Fills at most buffer.size() bytes and returns how many; 0 only at the end. Throws base::Error (input)
    // for bytes that are not what they should be.
    virtual std::size_t read(std::span<char> buffer) = 0;
};

// Reads until `buffer` is full or the source ends; returns how many bytes that were.
std::size_t read_fully(ByteSource& source, std::span<char> buffer);

}  // namespace repotool::formats::deb
