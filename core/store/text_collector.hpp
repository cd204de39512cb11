// SPDX-License-Identifier: GPL-3.0-or-later
// private/text holds the texts of current indexes (text_map.hpp): others are of no use to anybody.
#pragma once

#include <map>
#include <string>

#include "core/store/object_collector.hpp"

namespace repotool::store {

// Files that no current generation needs, as paths, with their sizes. Throws base::Error (integrity).
std::map<std::string, std::uint64_t> unused_texts(fs::Filesystem& filesystem);
// Removes them. Needs no lock: a text that a publisher misses is unpacked from the published index.
Tally remove_texts(fs::Filesystem& filesystem);

}  // namespace repotool::store
