// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/extra_pieces.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace repotool::formats::rpm {

bool is_before(const Piece& a, const Piece& b) noexcept {
    return a.key < b.key;
}

void make_canonical(Pieces& pieces) {
    std::stable_sort(pieces.begin(), pieces.end(), is_before);
    const auto is_same = [](const Piece& a, const Piece& b) { return a.key == b.key && a.bytes == b.bytes; };
    pieces.erase(std::unique(pieces.begin(), pieces.end(), is_same), pieces.end());
}

Pieces merge_pieces(Pieces current, Pieces incoming) {
    std::erase_if(current, [&incoming](const Piece& piece) {
        return std::binary_search(incoming.begin(), incoming.end(), piece, is_before);
    });
    Pieces both;
    both.reserve(current.size() + incoming.size());
    std::merge(std::make_move_iterator(current.begin()), std::make_move_iterator(current.end()),
               std::make_move_iterator(incoming.begin()), std::make_move_iterator(incoming.end()),
               std::back_inserter(both), is_before);
    return both;
}

std::string make_key(const std::vector<std::string>& parts) {
    std::string key;
    for (const auto& part : parts) {
        key += part;
        key += '\0';  // in no part, and before all that may be in one: "a" sorts before "a.b"
    }
    return key;
}

}  // namespace repotool::formats::rpm
