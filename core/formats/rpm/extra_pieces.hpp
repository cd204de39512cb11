// SPDX-License-Identifier: GPL-3.0-or-later
// Merging, as all known types of extra metadata do it: pieces of text with an identity each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats::rpm {

// `key` is the identity, and what pieces are sorted by. Several pieces of one document may have the same: it
// is not for us to say which of them counts. The bytes are the document's, which can be large and must stay.
struct Piece {
    std::string key;
    std::string_view bytes;
};
using Pieces = std::vector<Piece>;

bool is_before(const Piece& a, const Piece& b) noexcept;

// Sorted by key, pieces of one key in the order of the document, none twice.
void make_canonical(Pieces& pieces);

// What `incoming` has under a key replaces all that `current` has under it. Both must be canonical; so is the
// answer.
Pieces merge_pieces(Pieces current, Pieces incoming);

// Parts of a key, most significant first.
std::string make_key(const std::vector<std::string>& parts);

}  // namespace repotool::formats::rpm
