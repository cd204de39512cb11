// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in gen/: the generations of a repository, and the repositories that have any, whether or not
// one of them is current.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

// Numbers in gen/<repository>, ascending; others' names there (tags, repositories below) are left out.
std::vector<std::uint64_t> list_generations(fs::Filesystem& filesystem, const std::string& public_root,
                                            const std::string& repository);

// Repositories that have a head, a generation in gen/ or something on its way out, sorted. O(repositories).
std::vector<std::string> known_repositories(fs::Filesystem& filesystem);

}  // namespace repotool::store
