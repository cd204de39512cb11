// SPDX-License-Identifier: GPL-3.0-or-later
// Reads .rpm files, binary and source, with librpm, and renders what createrepo_c would write about them.
#pragma once

#include <string>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::rpm {

// Reads the package at `path`, a private copy that nobody changes; `digests` needs sha256 and size of the
// whole file. index["primary"], ["filelists"] and ["other"] each hold one <package> element, pretty-printed
// as createrepo_c does; only primary names a location (its `before` ends after `<location href="`, its
// `after` begins at `"/>`). <time file=…> is the build time, so that the text depends on the package alone.
// Throws base::Error (input): not an RPM, truncated, digest mismatch, hostile names, control characters …
// Meant to run in a worker process. Reads no user configuration (no ~/.rpmmacros, no ~/.rpmrc).
Package read_package(const std::string& path, const base::FileDigests& digests, const std::string& shown_as);

// Loads what librpm must have read before a worker is confined (its configuration files). Call it in the
// parent.
void prepare_reader();

}  // namespace repotool::formats::rpm
