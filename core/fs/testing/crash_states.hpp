// SPDX-License-Identifier: GPL-3.0-or-later
// What is durable after each operation and what is not; private to core/fs/testing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/disk_image.hpp"

namespace repotool::fs::testing {

// One thing that the workload did.
struct CrashEvent {
    enum class Kind { new_node, entries, write, attributes, sync, failed_sync, sync_all, acknowledge };
    Kind kind = Kind::sync_all;
    std::string what;
    NodeNumber node = kNoNode;         // failed_sync: kNoNode is all
    DiskNode made;                     // new_node
    std::vector<EntryChange> entries;  // entries
    std::uint64_t offset = 0;          // write
    std::string bytes;                 // write
    unsigned mode = 0;                 // attributes
    std::int64_t mtime_ns = 0;         // attributes

    bool is_operation() const { return kind != Kind::new_node && kind != Kind::acknowledge; }
};

// A piece that may be lost on its own. Variant 0: it is; 1: it is not; from 2 on: it is there in part.
struct PendingPiece {
    CrashEvent::Kind kind = CrashEvent::Kind::entries;  // entries, write or attributes
    std::string what;                                   // the last operation that it holds
    NodeNumber node = kNoNode;                          // whose sync makes it durable
    std::vector<EntryChange> entries;                   // entries
    std::vector<SharedBytes> contents;                  // write: the file in each variant
    std::vector<std::uint64_t> ends;                    // write: sizes after each of the writes
    unsigned mode = 0;                                  // attributes
    std::int64_t mtime_ns = 0;
    // write: the bytes in this range were there when a sync failed. No later sync is a promise about them.
    std::size_t doomed_from = 0, doomed_to = 0;

    bool is_doomed() const { return doomed_to > doomed_from; }
    std::size_t variants() const { return kind == CrashEvent::Kind::write ? contents.size() : 2; }
};
using Choice = std::vector<std::size_t>;  // one variant for each pending piece

class DurableState {
public:
    explicit DurableState(DiskImage before) : durable_(std::move(before)) {}
    void apply(const CrashEvent& event);
    const std::vector<PendingPiece>& pending() const { return pending_; }
    DiskImage disk(const Choice& choice) const;
    // What is not there of the pieces.
    std::string story(const Choice& choice) const;

private:
    void add_entries(const CrashEvent& event);
    void add_write(const CrashEvent& event);
    void add_attributes(const CrashEvent& event);
    void make_durable(const CrashEvent& event);
    void doom(const CrashEvent& event);
    PendingPiece& piece_of(const CrashEvent& event);

    DiskImage durable_;
    std::vector<PendingPiece> pending_;
};

// The choices that are tried where these pieces are pending.
std::vector<Choice> choices(const std::vector<PendingPiece>& pending, const CrashBounds& bounds,
                            std::mt19937_64& random);
// True where choices() tries all that there are.
bool is_exhaustive(const std::vector<PendingPiece>& pending, const CrashBounds& bounds);

// Equal where two disks look the same from their roots.
std::string fingerprint(const DiskImage& image);

}  // namespace repotool::fs::testing
