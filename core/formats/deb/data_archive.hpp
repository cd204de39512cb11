// SPDX-License-Identifier: GPL-3.0-or-later
// The list of paths in a package's data.tar, for Contents indexes. Read with libarchive.
#pragma once

#include <cstddef>
#include <string>

#include "core/formats/deb/byte_source.hpp"
#include "core/formats/deb/decompressor.hpp"

namespace repotool::formats::deb {

// The largest lists of Debian 12 have 130,000 paths. With the list, its sorted copy and its JSON a worker
// stays below its limit.
constexpr std::size_t kListedPathsMax = 1000000;
constexpr std::size_t kListedBytesMax = std::size_t{32} << 20U;

// The paths of all that is no directory, without leading "./" or "/", sorted, each once, one a line. A path
// that is not UTF-8 is taken for Latin-1 (field_writer.hpp); one with a line's end in it cannot be listed and
// is left out. `tar` is open but for bzip2 and lzma. Takes time in proportion to the size of the data. Throws
// base::Error (input) for what is no tar archive, and beyond the limits above.
std::string list_paths(ByteSource& tar, Compression compression);

}  // namespace repotool::formats::deb
