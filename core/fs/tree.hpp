// SPDX-License-Identifier: GPL-3.0-or-later
// What is made of the filesystem's operations, written once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::fs {

// The part before the last '/', or "".
std::string parent_path(std::string_view path);
std::string base_name(std::string_view path);
// `a/b`, or the one that is not empty.
std::string join_path(std::string_view a, std::string_view b);
// "../" times the number of directories in `path`: what a symlink at `path` needs to climb to the root.
std::string climb(std::string_view path);

// Makes `path` and what is missing above it. Returns the directories whose entries changed (to be synced),
// top first.
std::vector<std::string> make_directories(Filesystem& filesystem, const std::string& path, unsigned mode);
// Removes a tree, whatever is in it, without following symlinks. Nothing there is not an error.
void remove_tree(Filesystem& filesystem, const std::string& path);
// Calls `visit` with the path of each entry below `path` that is not a directory, sorted.
void walk(Filesystem& filesystem, const std::string& path,
          const std::function<void(const std::string&, const Status&)>& visit);

enum class Durable { no, yes };
// A new file with these bytes; `mtime` 0 leaves the time alone. Durable::yes syncs the file, not its
// directory.
void write_new_file(Filesystem& filesystem, const std::string& path, std::string_view bytes, unsigned mode,
                    std::int64_t mtime, Durable durable);
// Whole file. Throws base::Error (integrity) above `limit` bytes.
std::string read_file(Filesystem& filesystem, const std::string& path,
                      std::uint64_t limit = std::uint64_t{1} << 30U);
std::string read_all(File& file, const std::string& name, std::uint64_t limit);
// Durable replacement of a small file: temporary name, write, sync, rename, sync the directory.
void replace_file(Filesystem& filesystem, const std::string& path, std::string_view bytes, unsigned mode);

// Makes `to` a copy of the file `from`, with its mode and modification time, synced; what is there goes first
// (a copy that was killed). For what cannot be linked or renamed because it lies on another filesystem.
void copy_durably(Filesystem& filesystem, const std::string& from, const std::string& to);

// Digests of a whole file, read in pieces.
base::FileDigests digest_file(File& file, const std::vector<base::DigestAlgorithm>& algorithms = {
                                              base::DigestAlgorithm::sha256});

}  // namespace repotool::fs
