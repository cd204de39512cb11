// SPDX-License-Identifier: GPL-3.0-or-later
// Writes Release files (https://wiki.debian.org/DebianRepository/Format).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace repotool::formats::deb {

struct ReleaseFile {
    std::string path;  // relative to dists/<suite>/, as clients ask for it
    std::string sha256;
    std::uint64_t size = 0;
};

struct Release {
    std::string origin;
    std::string label;
    std::string suite;
    std::string codename;
    std::string description;  // may be empty: left out
    base::UnixSeconds date = 0;
    std::vector<std::string> architectures;
    std::vector<std::string> components;
    // Every index, and the uncompressed one also where it is not stored: without that line apt sees no
    // packages and says nothing. Only SHA256 is listed, because apt asks for by-hash files of the strongest
    // digest alone.
    std::vector<ReleaseFile> files;
};

// The whole Release file; architectures, components and files are sorted.
std::string render_release(const Release& release);

}  // namespace repotool::formats::deb
