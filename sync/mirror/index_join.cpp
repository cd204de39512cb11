// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/index_join.hpp"

#include <algorithm>
#include <optional>

#include "core/formats/frames.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::sync {
namespace {

using store::ChunkList;
using store::IndexEntry;
using store::SetEntry;

// A set's indexes on one side: frames and the chunks that they are of.
struct Side {
    const SetEntry& set;
    ChunkList chunks;
    store::FrameTable frames;
};

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// Where the frame of each chunk is in the file; header and footer are left out. Empty where the table does
// not fit the chunks.
std::optional<std::vector<Range>> frame_ranges(const Side& side, const IndexEntry& index) {
    const auto* table = side.frames.find(index.name);
    if (table == nullptr) return std::nullopt;
    const auto stored = table->stored.find(index.compression);
    if (stored == table->stored.end() || stored->second.size() != side.chunks.size() + 2) return std::nullopt;
    std::uint64_t offset =
        formats::bytes_before_frames(formats::parse_compression(index.compression)) + stored->second.front();
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < side.chunks.size(); ++i) {
        ranges.push_back({offset, stored->second[i + 1]});
        offset += stored->second[i + 1];
    }
    if (offset > index.size) return std::nullopt;
    return ranges;
}

void add(std::vector<IndexJoin::Piece>& pieces, IndexJoin::Piece piece) {
    if (piece.length == 0) return;
    if (!pieces.empty()) {
        auto& last = pieces.back();
        if (last.is_there == piece.is_there && last.offset + last.length == piece.offset) {
            last.length += piece.length;
            return;
        }
    }
    pieces.push_back(piece);
}

std::optional<IndexJoin> join(const Side& wanted, const IndexEntry& index, const Side& present,
                              const IndexEntry& base) {
    const auto ranges = frame_ranges(wanted, index);
    const auto old = frame_ranges(present, base);
    if (!ranges || !old) return std::nullopt;
    std::map<std::string, Range> there;
    for (std::size_t i = 0; i < old->size(); ++i) there.emplace(present.chunks[i].sha256, (*old)[i]);
    IndexJoin result;
    std::uint64_t shared = 0;
    std::uint64_t position = 0;  // in the wanted file
    const auto send_up_to = [&](std::uint64_t end) {
        add(result.pieces, {false, position, end - position});
        position = end;
    };
    for (std::size_t i = 0; i < ranges->size(); ++i) {
        const Range& range = (*ranges)[i];
        const auto found = there.find(wanted.chunks[i].sha256);
        if (found == there.end() || found->second.length != range.length) continue;
        send_up_to(range.offset);
        add(result.pieces, {true, found->second.offset, range.length});
        position += range.length;
        shared += range.length;
    }
    send_up_to(index.size);
    return shared == 0 ? std::nullopt : std::optional(std::move(result));
}

class Joiner {
public:
    Joiner(const store::GenerationReader& wanted, const store::GenerationReader& present)
        : wanted_(wanted), present_(present), repository_(wanted.manifest().repository) {}

    std::map<std::string, IndexJoin> run() {
        for (const auto& sub_manifest : wanted_.sub_manifests()) {
            const auto* old = present_.find_format(sub_manifest.format);
            if (old == nullptr) continue;
            for (const auto* set : sub_manifest.all_sets()) {
                for (const auto* other : old->all_sets()) {
                    if (other->dist == set->dist && other->component == set->component &&
                        other->architecture == set->architecture)
                        add_set(*set, *other);
                }
            }
        }
        return std::move(joins_);
    }

private:
    void add_set(const SetEntry& set, const SetEntry& old) {
        if (set.frames != old.frames) {
            add_indexes({set, wanted_.chunk_list(set), wanted_.frame_table(set)},
                        {old, present_.chunk_list(old), present_.frame_table(old)});
        }
        if (!set.contents || !old.contents || set.contents->frames == old.contents->frames) return;
        add_indexes({set, wanted_.contents_lines(*set.contents), wanted_.frame_table(*set.contents)},
                    {old, present_.contents_lines(*old.contents), present_.frame_table(*old.contents)});
    }

    void add_indexes(const Side& wanted, const Side& present) {
        for (const auto& index : wanted.set.indexes) {
            const auto* base = present.set.find_index(index.name, index.compression);
            if (index.compression == "none" || base == nullptr || base->sha256 == index.sha256) continue;
            auto joined = join(wanted, index, present, *base);
            if (!joined) continue;
            joined->base = path_of(present.set, *base);
            joins_.emplace(path_of(wanted.set, index), std::move(*joined));
        }
    }

    std::string path_of(const SetEntry& set, const IndexEntry& index) const {
        return store::layout::meta(repository_) + "/" + store::index_path(set, index);
    }

    const store::GenerationReader& wanted_;
    const store::GenerationReader& present_;
    const std::string& repository_;
    std::map<std::string, IndexJoin> joins_;
};

}  // namespace

std::map<std::string, IndexJoin> join_indexes(const store::GenerationReader& wanted,
                                              const store::GenerationReader& present) {
    return Joiner(wanted, present).run();
}

}  // namespace repotool::sync
