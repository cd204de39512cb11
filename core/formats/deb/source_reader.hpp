// SPDX-License-Identifier: GPL-3.0-or-later
// Reads source packages: a .dsc (dsc(5)) and what is known of the files that it names.
#pragma once

#include <map>
#include <string>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::deb {

// All four digests of each file of a source package, by name.
using SourceFiles = std::map<std::string, base::FileDigests>;

// Reads the .dsc at `path`, a private copy that nobody changes; `digests` are its own (all four). `files`
// must be what it lists, with every digest that it gives. The stanza in index["Sources"] has the fields and
// the order of `apt-ftparchive sources`. Throws base::Error (input) with `shown_as`. Meant to run in a worker
// process.
Package read_source(const std::string& path, const base::FileDigests& digests, const SourceFiles& files,
                    const std::string& shown_as);

}  // namespace repotool::formats::deb
