// SPDX-License-Identifier: GPL-3.0-or-later
// Reads .deb files (deb(5)): an ar archive of debian-binary, control.tar[.gz|.xz|.zst] and data.tar[.*].
// Strict where dpkg-deb is: what is ambiguous or would become a hostile path is refused, not repaired.
#pragma once

#include <string>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::deb {

// Whether index["Contents"] is wanted: all of the package's data is unpacked for it.
enum class PathList { leave_out, read };

// Reads the package at `path`, which must be a private copy that nobody changes; `digests` are those of the
// whole file (all four). The stanza in index["Packages"] has the fields and the order of `apt-ftparchive
// packages`. Throws base::Error (input) that says what is wrong with the file; `shown_as` is the name to use
// in it; where it ends in .udeb, the package is one. Meant to run in a worker process (core/base/worker.hpp). Memory stays below 64 MiB whatever the file
// claims, with the list of paths below 400 MiB.
Package read_package(const std::string& path, const base::FileDigests& digests, const std::string& shown_as,
                     PathList path_list = PathList::leave_out);

}  // namespace repotool::formats::deb
