// SPDX-License-Identifier: GPL-3.0-or-later
// The middle layer of a .deb: the tar archive that holds the file `control` beside maintainer scripts and
// checksums.
#pragma once

#include <cstddef>
#include <string>

#include "core/formats/deb/byte_source.hpp"

namespace repotool::formats::deb {

// The largest of 1,400 packages of Debian 12 unpacks to 1.3 MiB. What a decoder keeps of a bomb is bounded by
// kControlTarMax; with the text of the largest control, its stanza and its JSON the whole worker stays under
// 64 MiB.
constexpr std::size_t kControlTarMax = std::size_t{32} << 20U;
constexpr std::size_t kControlFileMax = std::size_t{8} << 20U;
constexpr int kControlEntriesMax = 10000;

// The text of the one regular file `control` (or `./control`). The whole archive is read, because a second
// `control` makes it ambiguous: dpkg would take the last, apt the first. Only plain files and directories
// with plain names are let through; links, devices, long names and pax records that rename are refused.
// Throws base::Error (input).
std::string read_control(ByteSource& tar);

}  // namespace repotool::formats::deb
