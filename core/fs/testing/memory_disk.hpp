// SPDX-License-Identifier: GPL-3.0-or-later
// The nodes of a MemoryFilesystem and how paths find them; private to core/fs/testing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/fs/testing/disk_image.hpp"

namespace repotool::fs::testing {

inline constexpr std::size_t kLongestName = 255;

struct MemoryNode {
    NodeNumber number = kNoNode;
    Kind kind = Kind::file;
    unsigned mode = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint64_t links = 0;
    SharedBytes bytes;                                           // of a file; of a symlink its target
    std::map<std::string, std::shared_ptr<MemoryNode>> entries;  // of a directory
    unsigned shared_locks = 0;
    bool exclusively_locked = false;

    Status status() const;
    void touch();  // its content changed now
};
using NodePointer = std::shared_ptr<MemoryNode>;

// Shared by a filesystem and its open files, which may outlive it. Hold `mutex` around everything.
struct MemoryDisk {
    std::mutex mutex;
    NodePointer root;
    NodeNumber next = kRootNode + 1;
    DiskObserver* observer = nullptr;

    explicit MemoryDisk(const DiskImage& image);
    DiskImage image() const;  // what can be reached from the root
    NodePointer make_node(Kind kind, unsigned mode, std::string bytes);
    void write(const std::string& what, MemoryNode& file, std::uint64_t offset, std::string_view bytes);
};

// Nanoseconds since 1970; each call later than the one before.
std::int64_t later_time();

// The directories from the root to the one that was asked for, or the errno that the kernel answers
// (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS). `chain` is empty exactly if `error` is set.
struct Walk {
    std::vector<NodePointer> chain;
    int error = 0;
};
Walk walk_to_directory(const MemoryDisk& disk, const std::string& path);

// Where a name is or would be.
struct MemoryPlace {
    std::vector<NodePointer> chain;  // of its directory; empty where that does not exist
    std::string name;                // "." for the directory itself
    int error = 0;                   // where `chain` is empty

    MemoryNode& directory() const { return *chain.back(); }
    bool is_directory_itself() const { return name == "."; }
    NodePointer node() const;  // empty where there is nothing
};
// Throws base::Error like the Posix filesystem: a directory that does not exist is not an error.
MemoryPlace find_place(const MemoryDisk& disk, const std::string& path, const char* verb,
                       const std::string& shown);

}  // namespace repotool::fs::testing
