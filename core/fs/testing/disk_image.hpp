// SPDX-License-Identifier: GPL-3.0-or-later
// A whole disk as a value, and who wants to know of each change to one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/fs/testing/shared_bytes.hpp"

namespace repotool::fs::testing {

// Names nodes as inode numbers do: never used twice on one disk.
using NodeNumber = std::uint64_t;
inline constexpr NodeNumber kNoNode = 0;
inline constexpr NodeNumber kRootNode = 1;

struct DiskNode {
    Kind kind = Kind::file;
    unsigned mode = 0;                          // permission bits
    std::int64_t mtime_ns = 0;                  // nanoseconds since 1970
    SharedBytes bytes;                          // of a file; of a symlink its target
    std::map<std::string, NodeNumber> entries;  // of a directory
};

// A disk at rest. It may hold nodes that no directory names any more.
struct DiskImage {
    std::map<NodeNumber, DiskNode> nodes;
};

// An empty disk: a root directory alone.
DiskImage empty_disk();

// One name of one directory; kNoNode: the name is gone.
struct EntryChange {
    NodeNumber directory = kNoNode;
    std::string name;
    NodeNumber node = kNoNode;
};

// Hears of every change, in order, under the lock of the filesystem. `what` is for messages: "rename a to b".
class DiskObserver {
public:
    virtual ~DiskObserver() = default;
    virtual void on_new_node(NodeNumber number, const DiskNode& node) = 0;
    virtual void on_entries(const std::string& what, const std::vector<EntryChange>& changes) = 0;
    // The file holds its first `offset` bytes as before and then `bytes`, and ends there.
    virtual void on_write(const std::string& what, NodeNumber file, std::uint64_t offset,
                          const std::string& bytes) = 0;
    virtual void on_attributes(const std::string& what, NodeNumber node, unsigned mode,
                               std::int64_t mtime_ns) = 0;
    virtual void on_sync(const std::string& what, NodeNumber node) = 0;
    virtual void on_sync_all() = 0;
};

}  // namespace repotool::fs::testing
