// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a part of Contents-<arch> back as its readers do.
#pragma once

#include <set>
#include <string>

#include "core/store/chunks.hpp"

namespace repotool::publisher {

// `text`: the unpacked part of the index that `reference` lists. Throws base::Error (integrity) where it has
// another digest, other lines, or lines that are out of order.
void check_contents_text(const std::string& text, const store::ChunkReference& reference);

// Throws base::Error (integrity) where a line names a package that is not in `names`.
void check_contents_packages(const std::string& text, const std::set<std::string>& names);

}  // namespace repotool::publisher
