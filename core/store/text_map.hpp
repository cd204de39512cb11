// SPDX-License-Identifier: GPL-3.0-or-later
// The cached text of a published index (docs/FORMAT.md §8): private/text/<repository>/<digest of the text> is
// a map that says in which pack, a file beside it, each part of the text is. The text of the next generation
// shares the packs of the one before. Nothing here is needed: what is missing or damaged is unpacked from the
// published index again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::store {

struct TextPart {
    std::uint32_t pack = 0;    // place in TextMap::packs
    std::uint64_t offset = 0;  // in the pack
    std::uint64_t length = 0;
    std::uint64_t checksum = 0;         // base::checksum64 of the text
    std::vector<std::uint64_t> frames;  // … of its frame in each of TextMap::compressions
    std::string state;                  // base::ShaStream::state() after it
};

struct TextMap {
    std::vector<std::string> packs;         // file names
    std::vector<std::string> compressions;  // gz, xz, zst
    std::vector<TextPart> parts;            // header, one for each chunk, footer
};

std::string render_text_map(const TextMap& map);
// Throws base::Error (integrity) where it is not what render_text_map() gave on a machine like this one.
TextMap parse_text_map(std::string_view bytes);

}  // namespace repotool::store
