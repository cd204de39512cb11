// SPDX-License-Identifier: GPL-3.0-or-later
// For sources at the other end of a wire: told what will be read, they need not be asked for each piece.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace repotool::sync {

class ReadAhead {
public:
    virtual ~ReadAhead() = default;

    struct Part {
        std::string path;  // below public/
        std::string base;  // a file of the mirror that resembles it, to be told the difference alone; or ""
    };
    // Small files, as a whole: reading them costs nothing from here on.
    virtual void preload(const std::vector<Part>& parts) = 0;

    struct Piece {
        std::string path;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    // What will be read next, in this order and nothing in between.
    virtual void announce(const std::vector<Piece>& pieces) = 0;
};

}  // namespace repotool::sync
