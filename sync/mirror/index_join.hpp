// SPDX-License-Identifier: GPL-3.0-or-later
// An index file is frames, one per chunk (docs/FORMAT.md §5.3), so one that changed is mostly frames of the
// one before it: a mirror joins them and has only the others sent. The digest of the whole says whether that
// was right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"

namespace repotool::sync {

struct IndexJoin {
    struct Piece {
        bool is_there = false;  // in the base
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    std::string base;  // path below public/ of a file of the present generation
    std::vector<Piece> pieces;
};

// By path below public/ of the index: those that `present` has frames of. Reads frame tables and chunk lists.
std::map<std::string, IndexJoin> join_indexes(const store::GenerationReader& wanted,
                                              const store::GenerationReader& present);

}  // namespace repotool::sync
