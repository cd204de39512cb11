// SPDX-License-Identifier: GPL-3.0-or-later
// A plain tree, walked and hashed: once, and then only where a file's size, times or inode say that it is
// another one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync {

struct ScannedFile {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint64_t inode = 0;
    std::string sha256;

    bool is_same_file(const fs::Status& status) const noexcept {
        return status.kind == fs::Kind::file && status.size == size && status.mtime_ns == mtime_ns &&
               status.ctime_ns == ctime_ns && status.inode == inode;
    }
};

struct ScannedTree {
    std::map<std::string, ScannedFile> files;
    std::vector<TreeEntry> entries;  // symlinks and empty directories, by path
};

// `known`: an earlier scan; what it says of a file that is the same is believed. Throws base::Error: input
// for special files, names and symlinks that a mirror does not take; network where something changed
// meanwhile.
ScannedTree scan_tree(fs::Filesystem& tree, const std::map<std::string, ScannedFile>& known);

// Of a scan, for the next one. A file that changed within two seconds before it is left out: another change
// might not show.
std::string render_scan(const ScannedTree& tree, std::int64_t scanned_at);
// Whatever is not a scan of ours is nothing.
std::map<std::string, ScannedFile> parse_scan(const std::string& text);

}  // namespace repotool::sync
