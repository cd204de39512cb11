// SPDX-License-Identifier: GPL-3.0-or-later
// What a plain tree consists of besides its files, and which names and symlinks a mirror takes from one: none
// that leads out of the tree (docs/FORMAT.md §12.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/manifest.hpp"
#include "core/store/record.hpp"

namespace repotool::sync {

inline constexpr const char* kTreeFormat = "tree";
inline constexpr const char* kTreeLinks = "LINKS";  // pointer file of a generation that has any

// A symlink, or, without a target, an empty directory.
struct TreeEntry {
    std::string path;
    std::string target;

    friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

std::string render_tree_entries(const std::vector<TreeEntry>& entries);
// Throws base::Error (integrity) for anything that leads out of the tree.
std::vector<TreeEntry> parse_tree_entries(std::string_view text);

// A path that the tree may have: plain components, UTF-8, not one of the names that a generation needs.
bool is_tree_path(std::string_view path);
// `..` stands at the beginning alone and climbs no further than the tree's root. So symlinks that lead
// through other symlinks stay inside as well.
bool stays_inside(std::string_view path, std::string_view target);

// A file of the tree as a record of the one package set that the tree is; and the set's name.
store::Record tree_record(const std::string& path, const std::string& sha256, std::uint64_t size);
store::SetEntry tree_set();

}  // namespace repotool::sync
