// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/byte_source.hpp"

namespace repotool::formats::deb {

std::size_t read_fully(ByteSource& source, std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const std::size_t count = source.read(buffer.subspan(filled));
        if (count == 0) break;
        filled += count;
    }
    return filled;
}

}  // namespace repotool::formats::deb
