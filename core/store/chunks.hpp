// SPDX-License-Identifier: GPL-3.0-or-later
// Package sets as lists of content-defined chunks (docs/FORMAT.md §5.1, §5.2; I11): where a chunk ends
// depends on the records in it alone, so an edit touches one chunk and at most its neighbours, and equal sets
// have equal chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/record.hpp"

namespace repotool::store {

struct ChunkReference {
    std::string sha256;
    std::uint64_t records = 0;
    std::string first_key;
    // Of its records whose source package has another name than they have; sorted, each once.
    std::vector<std::string> sources;

    bool operator==(const ChunkReference&) const = default;
};
using ChunkList = std::vector<ChunkReference>;

std::string render_chunk_list(const ChunkList& list);
// Throws base::Error (integrity).
ChunkList parse_chunk_list(std::string_view text);

// What a chunk list says of the chunk with this digest, which holds `records`.
ChunkReference describe_chunk(std::string sha256, const std::vector<Record>& records);

// What an edit makes of a set: pieces in order, each either a chunk of the parent or a new one.
struct ChunkPiece {
    ChunkReference reference;
    std::optional<std::size_t> parent_index;  // set: the parent's chunk at this place, unchanged
    std::vector<Record> records;              // of a new chunk
    std::string text;                         // of a new chunk: what is stored under its digest
};

// By key: the record to put there, or nothing to take away what is there.
using ChunkEdits = std::map<std::string, std::optional<Record>>;
using ChunkLoader = std::function<std::vector<Record>(const ChunkReference&)>;

// Applies `edits` to `parent`; `load` reads a chunk of the parent and is called for those alone that an edit
// reaches.
std::vector<ChunkPiece> edit_chunks(const ChunkList& parent, const ChunkEdits& edits,
                                    const ChunkLoader& load);

// The chunks that may hold packages of one of these source packages, by place, without reading any of them.
std::vector<std::size_t> find_source_chunks(const ChunkList& list, const std::set<std::string>& sources);

// The chunk in which `key` is or would be; empty in an empty list.
std::optional<std::size_t> find_chunk(const ChunkList& list, std::string_view key);

}  // namespace repotool::store
