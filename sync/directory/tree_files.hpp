// SPDX-License-Identifier: GPL-3.0-or-later
// The files of a plain tree (docs/FORMAT.md §12.3) in a generation of a directory mirror: hard links to what
// pool/ has by digest, so that whatever generations share is there once, and no byte is ever written twice.
#pragma once

#include <string>

#include "core/fs/filesystem.hpp"
#include "core/store/generation_reader.hpp"

namespace repotool::sync {

// Gives the generation that is being made in `directory` its files, where it has a plain tree; durable on
// return. pool/ and meta/ of the mirror have all of it already. May be repeated. Throws base::Error
// (integrity) for names and symlinks that lead out of the tree.
void grow_tree(fs::Filesystem& mirror, const std::string& directory, const store::GenerationReader& source);

}  // namespace repotool::sync
