// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;

constexpr std::uint32_t kBoundaryDivisor = 64;  // mean number of records in a chunk
constexpr std::size_t kMostRecords = 512;

bool ends_chunk(const std::string& key) {
    const std::string digest = base::sha256_hex(key);
    std::uint32_t number = 0;
    std::from_chars(digest.data(), digest.data() + 8, number, 16);
    return number % kBoundaryDivisor == 0;
}

// Collects records and cuts them into pieces.
class Cutter {
public:
    Cutter(const ChunkList& parent, std::vector<ChunkPiece>& pieces) : parent_(parent), pieces_(pieces) {}

    bool is_at_boundary() const { return open_.empty(); }
    void add(Record record) {
        const bool last = ends_chunk(record_key(record));
        open_.push_back(std::move(record));
        if (last || open_.size() == kMostRecords) cut();
    }
    void cut() {
        if (open_.empty()) return;
        ChunkPiece piece;
        for (const auto& record : open_) piece.text += render_record(record);
        piece.reference = describe_chunk(base::sha256_hex(piece.text), open_);
        piece.parent_index = place_in_parent(piece.reference.sha256);
        if (piece.parent_index) {
            piece.text.clear();
        } else {
            piece.records = std::move(open_);
        }
        open_.clear();
        pieces_.push_back(std::move(piece));
    }
    void reuse(std::size_t index) {
        ChunkPiece piece;
        piece.reference = parent_[index];
        piece.parent_index = index;
        pieces_.push_back(std::move(piece));
    }

private:
    std::optional<std::size_t> place_in_parent(const std::string& digest) {
        if (places_.empty()) {
            for (std::size_t i = 0; i < parent_.size(); ++i) places_.emplace(parent_[i].sha256, i);
        }
        const auto found = places_.find(digest);
        return found == places_.end() ? std::nullopt : std::optional(found->second);
    }

    const ChunkList& parent_;
    std::vector<ChunkPiece>& pieces_;
    std::vector<Record> open_;
    std::unordered_map<std::string, std::size_t> places_;
};

using EditPosition = ChunkEdits::const_iterator;

// Feeds `records` and the edits before `end`, merged by key.
void merge(Cutter& cutter, std::vector<Record> records, EditPosition& edit, EditPosition end) {
    for (auto& record : records) {
        const std::string key = record_key(record);
        for (; edit != end && edit->first < key; ++edit) {
            if (edit->second) cutter.add(*edit->second);
        }
        if (edit != end && edit->first == key) {
            if (edit->second) cutter.add(*edit->second);
            ++edit;
        } else {
            cutter.add(std::move(record));
        }
    }
    for (; edit != end; ++edit) {
        if (edit->second) cutter.add(*edit->second);
    }
}

}  // namespace

std::string render_chunk_list(const ChunkList& list) {
    std::string text;
    for (const auto& chunk : list) {
        json line{chunk.sha256, chunk.records, chunk.first_key};
        if (!chunk.sources.empty()) line.push_back(chunk.sources);
        text += line.dump() + "\n";
    }
    return text;
}

ChunkList parse_chunk_list(std::string_view text) {
    ChunkList list;
    try {
        while (!text.empty()) {
            const auto end = text.find('\n');
            const json line = json::parse(text.substr(0, end));
            list.push_back(
                {line.at(0).get<std::string>(), line.at(1).get<std::uint64_t>(),
                 line.at(2).get<std::string>(),
                 line.size() > 3 ? line.at(3).get<std::vector<std::string>>() : std::vector<std::string>{}});
            if (!base::is_sha256_hex(list.back().sha256))
                throw base::Error(base::ErrorKind::integrity, "read", "chunk list", "not a digest");
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", "chunk list", error.what());
    }
    return list;
}

ChunkReference describe_chunk(std::string sha256, const std::vector<Record>& records) {
    std::set<std::string> sources;
    for (const auto& record : records) {
        if (!record.source.empty() && record.source != record.name) sources.insert(record.source);
    }
    return {std::move(sha256),
            records.size(),
            records.empty() ? "" : record_key(records.front()),
            {sources.begin(), sources.end()}};
}

std::vector<std::size_t> find_source_chunks(const ChunkList& list, const std::set<std::string>& sources) {
    std::set<std::size_t> found;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto& known = list[i].sources;
        if (std::any_of(known.begin(), known.end(), [&](const auto& name) { return sources.contains(name); }))
            found.insert(i);
    }
    for (const auto& source : sources) {  // packages with the name of their source
        const std::string end = source + "\v";
        for (auto i = find_chunk(list, source + "\n"); i && *i < list.size() && list[*i].first_key < end;
             ++*i)
            found.insert(*i);
    }
    return {found.begin(), found.end()};
}

std::vector<ChunkPiece> edit_chunks(const ChunkList& parent, const ChunkEdits& edits,
                                    const ChunkLoader& load) {
    std::vector<ChunkPiece> pieces;
    Cutter cutter(parent, pieces);
    auto edit = edits.begin();
    if (parent.empty()) merge(cutter, {}, edit, edits.end());
    for (std::size_t i = 0; i < parent.size(); ++i) {
        // Edits below the next chunk's first key belong to this chunk; the first chunk takes those before it,
        // too.
        const auto end = i + 1 < parent.size() ? edits.lower_bound(parent[i + 1].first_key) : edits.end();
        // A chunk stays as it is when nothing reaches it and the one before ended where it ended in the
        // parent.
        if (edit == end && cutter.is_at_boundary()) {
            cutter.reuse(i);
        } else {
            merge(cutter, load(parent[i]), edit, end);
        }
    }
    cutter.cut();
    return pieces;
}

std::optional<std::size_t> find_chunk(const ChunkList& list, std::string_view key) {
    const auto after = std::upper_bound(
        list.begin(), list.end(), key,
        [](std::string_view wanted, const ChunkReference& chunk) { return wanted < chunk.first_key; });
    if (after == list.begin()) return list.empty() ? std::nullopt : std::optional<std::size_t>(0);
    return static_cast<std::size_t>(after - list.begin()) - 1;
}

}  // namespace repotool::store
