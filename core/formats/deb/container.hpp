// SPDX-License-Identifier: GPL-3.0-or-later
// The outer layer of a .deb: an ar archive with debian-binary, control.tar and data.tar, in that order
// (deb(5)).
#pragma once

#include <cstdint>

#include "core/formats/deb/decompressor.hpp"
#include "core/formats/deb/input_file.hpp"

namespace repotool::formats::deb {

// Where an archive is, and how it is compressed.
struct ArchiveMember {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    Compression compression = Compression::none;
};

struct PackageMembers {
    ArchiveMember control;
    ArchiveMember data;
};

// Walks the whole container and checks that it is a .deb of format 2 with nothing
// missing, doubled, out of order or beyond its end. Members whose names begin with `_` are ignored, as deb(5)
// wants (tools put signatures there). Throws base::Error (input).
PackageMembers find_members(InputFile& file);

}  // namespace repotool::formats::deb
