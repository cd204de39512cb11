// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/crash_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace repotool::fs::testing {
namespace {

using EventKind = CrashEvent::Kind;
constexpr std::size_t kLost = 0;
constexpr std::size_t kKept = 1;

void put(DiskImage& disk, const PendingPiece& piece, std::size_t variant) {
    if (variant == kLost) return;
    DiskNode& node = disk.nodes.at(piece.node);
    if (piece.kind == EventKind::entries) {
        for (const auto& change : piece.entries) {
            if (change.node == kNoNode) node.entries.erase(change.name);
            if (change.node != kNoNode) node.entries[change.name] = change.node;
        }
    } else if (piece.kind == EventKind::write) {
        node.bytes = piece.contents.at(variant);
    } else {
        node.mode = piece.mode;
        node.mtime_ns = piece.mtime_ns;
    }
}

// What a file may hold that held `before` at its last sync and was written up to each of `ends` since.
std::vector<SharedBytes> contents_of(const SharedBytes& before, const std::string& after,
                                     const std::vector<std::uint64_t>& ends) {
    const std::size_t start = after.starts_with(before.text()) ? before.size() : 0;
    std::vector<SharedBytes> contents{before, after};
    const auto add = [&](std::string bytes) {
        const auto is_same = [&](const SharedBytes& other) { return other.text() == bytes; };
        if (std::none_of(contents.begin(), contents.end(), is_same)) contents.push_back(std::move(bytes));
    };
    add(after.substr(0, start) + std::string(after.size() - start, '\0'));
    add(after.substr(0, start + (after.size() - start) / 2));
    if (ends.size() > 1) {
        add(after.substr(0, ends.front()));
        add(after.substr(0, ends[ends.size() - 2]));
    }
    return contents;
}

// What is left where the bytes of a failed sync never came to the disk, and what was written later did.
std::string with_hole(std::string bytes, const PendingPiece& piece) {
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(piece.doomed_from),
                piece.doomed_to - piece.doomed_from, '\0');
    return bytes;
}

}  // namespace

void DurableState::apply(const CrashEvent& event) {
    switch (event.kind) {
        case EventKind::new_node:
            durable_.nodes[event.node] = event.made;  // nobody sees it before its name
            break;
        case EventKind::entries:
            add_entries(event);
            break;
        case EventKind::write:
            add_write(event);
            break;
        case EventKind::attributes:
            add_attributes(event);
            break;
        case EventKind::sync:
        case EventKind::sync_all:
            make_durable(event);
            break;
        case EventKind::failed_sync:
            doom(event);
            break;
        case EventKind::acknowledge:
            break;
    }
}

void DurableState::add_entries(const CrashEvent& event) {
    std::vector<PendingPiece> pieces;  // one for each directory
    for (const auto& change : event.entries) {
        const auto same = std::find_if(pieces.begin(), pieces.end(), [&](const PendingPiece& piece) {
            return piece.node == change.directory;
        });
        PendingPiece& piece = same == pieces.end() ? pieces.emplace_back() : *same;
        piece.node = change.directory;
        piece.entries.push_back(change);
    }
    for (auto& piece : pieces) {
        const bool is_half = pieces.size() > 1;
        const bool is_source = piece.entries.front().node == kNoNode;
        piece.what = !is_half
                         ? event.what
                         : fmt::format("{} (in the {} directory)", event.what, is_source ? "old" : "new");
        pending_.push_back(std::move(piece));
    }
}

// The writes to one file are one piece: what is there of them is a part of the whole.
PendingPiece& DurableState::piece_of(const CrashEvent& event) {
    const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const PendingPiece& piece) {
        return piece.kind == event.kind && piece.node == event.node;
    });
    PendingPiece& piece = found == pending_.end() ? pending_.emplace_back() : *found;
    piece.kind = event.kind;
    piece.node = event.node;
    piece.what = event.what;
    return piece;
}

void DurableState::add_write(const CrashEvent& event) {
    PendingPiece& piece = piece_of(event);
    const SharedBytes& before = durable_.nodes.at(event.node).bytes;
    std::string after = (piece.contents.empty() ? before : piece.contents[kKept]).text();
    after.resize(event.offset, '\0');
    after += event.bytes;
    piece.ends.push_back(after.size());
    piece.contents = piece.is_doomed() ? std::vector<SharedBytes>{before, after, with_hole(after, piece)}
                                       : contents_of(before, after, piece.ends);
}

void DurableState::add_attributes(const CrashEvent& event) {
    PendingPiece& piece = piece_of(event);
    piece.mode = event.mode;
    piece.mtime_ns = event.mtime_ns;
}

void DurableState::make_durable(const CrashEvent& event) {
    std::vector<PendingPiece> left;
    for (auto& piece : pending_) {
        const bool is_synced = event.kind == EventKind::sync_all || piece.node == event.node;
        if (is_synced && !piece.is_doomed()) {
            put(durable_, piece, kKept);
            continue;
        }
        if (is_synced && piece.contents[kKept].size() > piece.doomed_to) {
            const SharedBytes holed = with_hole(piece.contents[kKept].text(), piece);
            durable_.nodes.at(piece.node).bytes = holed;
            piece.contents = {holed, piece.contents[kKept]};
        }
        left.push_back(std::move(piece));
    }
    pending_ = std::move(left);
}

void DurableState::doom(const CrashEvent& event) {
    for (auto& piece : pending_) {
        const bool is_meant = event.node == kNoNode || piece.node == event.node;
        if (piece.kind != EventKind::write || !is_meant) continue;
        const std::string& before = durable_.nodes.at(piece.node).bytes.text();
        const std::string& after = piece.contents[kKept].text();
        if (!piece.is_doomed()) piece.doomed_from = after.starts_with(before) ? before.size() : 0;
        piece.doomed_to = after.size();
    }
}

DiskImage DurableState::disk(const Choice& choice) const {
    DiskImage disk = durable_;
    for (std::size_t i = 0; i < pending_.size(); ++i) put(disk, pending_[i], choice[i]);
    return disk;
}

std::string DurableState::story(const Choice& choice) const {
    std::string text;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (choice[i] == kKept) continue;
        text += fmt::format("\n  {}: {}", choice[i] == kLost ? "lost" : "in part", pending_[i].what);
        if (choice[i] > kKept)
            text += fmt::format(", {} bytes there", pending_[i].contents[choice[i]].size());
    }
    return text.empty() ? "\n  nothing lost" : text;
}

namespace {

// The next combination, as a counter counts; false after the last.
bool advance(Choice& choice, const std::vector<PendingPiece>& pending) {
    for (std::size_t i = 0; i < choice.size(); ++i) {
        if (++choice[i] < pending[i].variants()) return true;
        choice[i] = 0;
    }
    return false;
}

// One piece differs from all the others, in each way.
void add_single_ones(const std::vector<PendingPiece>& pending, std::size_t others, std::vector<Choice>& out) {
    for (std::size_t i = 0; i < pending.size(); ++i) {
        Choice choice(pending.size(), others);
        for (choice[i] = 0; choice[i] < pending[i].variants(); ++choice[i]) {
            if (choice[i] != others) out.push_back(choice);
        }
    }
}

}  // namespace

bool is_exhaustive(const std::vector<PendingPiece>& pending, const CrashBounds& bounds) {
    std::size_t combinations = 1;
    for (const auto& piece : pending) {
        combinations *= piece.variants();
        if (combinations > bounds.exhaustive) return false;
    }
    return true;
}

std::vector<Choice> choices(const std::vector<PendingPiece>& pending, const CrashBounds& bounds,
                            std::mt19937_64& random) {
    std::vector<Choice> out{Choice(pending.size(), kKept)};
    if (pending.empty()) return out;
    out.emplace_back(pending.size(), kLost);
    if (bounds.losses == Losses::extremes) return out;
    if (is_exhaustive(pending, bounds)) {
        out.assign(1, Choice(pending.size(), 0));
        for (Choice choice = out.front(); advance(choice, pending);) out.push_back(choice);
        return out;
    }
    add_single_ones(pending, kKept, out);
    add_single_ones(pending, kLost, out);
    for (std::size_t sample = 0; sample < bounds.samples; ++sample) {
        Choice choice(pending.size());
        for (std::size_t i = 0; i < pending.size(); ++i) choice[i] = random() % pending[i].variants();
        out.push_back(std::move(choice));
    }
    return out;
}

namespace {

constexpr std::size_t kShort = 1024;  // bytes of a file that are compared as they are

void append_number(std::string& text, std::uint64_t number) {
    text.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Lengths before texts: no two disks are described alike.
void describe(const DiskImage& image, NodeNumber number, std::set<NodeNumber>& seen, std::string& text) {
    append_number(text, number);
    if (!seen.insert(number).second) return;
    const DiskNode& node = image.nodes.at(number);
    append_number(text, static_cast<std::uint64_t>(node.kind));
    append_number(text, node.mode);
    append_number(text, static_cast<std::uint64_t>(node.mtime_ns));
    append_number(text, node.bytes.size());
    text += node.bytes.size() < kShort ? node.bytes.text() : node.bytes.digest();
    append_number(text, node.entries.size());
    for (const auto& [name, child] : node.entries) {
        append_number(text, name.size());
        text += name;
        describe(image, child, seen, text);
    }
}

}  // namespace

std::string fingerprint(const DiskImage& image) {
    std::string text;
    std::set<NodeNumber> seen;
    describe(image, kRootNode, seen, text);
    return text;
}

}  // namespace repotool::fs::testing
