// SPDX-License-Identifier: GPL-3.0-or-later
// private/text holds the texts of current indexes (text_map.hpp): others are of no use to anybody.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/store/object_collector.hpp"
#include "core/store/repository_turns.hpp"

namespace repotool::store {

// Files that no current generation needs, as paths, with their sizes: exact while nobody publishes. Throws
// base::Error (integrity).
std::map<std::string, std::uint64_t> unused_texts(fs::Filesystem& filesystem);
// Removes those of a repository, under its lock, and adds them to `removed`. Throws base::Error (integrity,
// conflict).
void remove_texts(Site& site, const std::string& repository, const LockRequest& lock, Tally& removed);
// Removes what older releases left: they kept the texts of all repositories in one directory.
void remove_flat_texts(fs::Filesystem& filesystem, Tally& removed);
std::vector<std::string> repositories_with_texts(fs::Filesystem& filesystem);

}  // namespace repotool::store
