// SPDX-License-Identifier: GPL-3.0-or-later
// The generation directory of a mirror: pointer files copied from the source, everything else derived from
// the manifest tree (docs/FORMAT.md §6), so no tree is ever sent.
#pragma once

#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

// Writes the generation to the new directory `path` of the mirror; durable on return. `base_url`: address of
// the mirror's root, for `mirrorlist` files; empty: none are written. Throws base::Error (integrity) where a
// pointer file of the source is not what its manifest says.
Transferred write_tree(fs::Filesystem& mirror, const std::string& path, const store::GenerationReader& source,
                       const std::string& base_url);

// Reads a generation directory of the mirror back and compares it with the manifest tree: MANIFEST by its
// digest, pointer files, symlinks, and the signature if `request` asks for one. Throws base::Error
// (integrity).
void verify_tree(fs::Filesystem& mirror, const std::string& path, const StageRequest& request);

}  // namespace repotool::sync
