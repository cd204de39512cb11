// SPDX-License-Identifier: GPL-3.0-or-later
// What a path on a mirror (docs/FORMAT.md §12) means to one who reaches it through rsync.
#pragma once

#include <string>

namespace repotool::sync::rsync_layout {

inline constexpr const char* kLocks = ".mirrorsync/.site/locks";

// Lock files: of this host.
bool is_lock(const std::string& path);
// Staging, and what is on its way out: never on the mirror, because rsync cannot rename there.
bool is_local(const std::string& path);
// In no manifest, and nothing that clients ask for.
bool is_private(const std::string& path);
// In pool/ or meta/: immutable, and the same bytes at the source and on every mirror.
bool is_content(const std::string& path);
// The name of a repository, if it is a symlink.
bool is_head(const std::string& path);

}  // namespace repotool::sync::rsync_layout
