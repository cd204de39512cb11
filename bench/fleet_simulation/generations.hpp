// SPDX-License-Identifier: GPL-3.0-or-later
// What generations are made of here: each brings one piece of content and names those of the generations
// before it too, as real ones share nearly all of their chunks and packages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace repotool::simulation {

using Generation = std::uint64_t;  // 0: none
inline constexpr Generation kShared = 3;

inline Generation oldest_piece(Generation generation) {
    return generation < kShared ? 1 : generation - kShared + 1;
}
inline Generation newest_user(Generation piece) {
    return piece + kShared - 1;
}

// A set of small numbers.
class NumberSet {
public:
    bool contains(Generation number) const { return number < has_.size() && has_[number]; }
    void insert(Generation number) {
        if (number >= has_.size()) has_.resize(number + number / 2 + 1);
        has_[number] = true;
    }
    void erase(Generation number) {
        if (number < has_.size()) has_[number] = false;
    }
    bool contains_all(Generation first, Generation last) const {
        for (Generation number = first; number <= last; ++number) {
            if (!contains(number)) return false;
        }
        return true;
    }

private:
    std::vector<bool> has_;
};

}  // namespace repotool::simulation
