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
    std::string sha512 = {};  // of all files or of none: empty
};

struct Release {
    std::string origin;
    std::string label;
    std::string suite;
    std::string codename;
    std::string version;  // may be empty: left out, as all below it
    std::string description;
    base::UnixSeconds date = 0;
    base::UnixSeconds valid_until = 0;    // 0: for ever. apt refuses the file after it
    bool not_automatic = false;           // pin 1 instead of 500
    bool but_automatic_upgrades = false;  // with it: pin 100
    std::vector<std::string> signed_by;   // fingerprints: who may sign the Release after this one
    std::string changelogs;               // URL with @CHANGEPATH@, or "no"
    std::string snapshots;                // URL with @SNAPSHOTID@, or "no"
    std::vector<std::string> architectures;
    std::vector<std::string> components;
    // Every index, and the uncompressed one also where it is not stored: without that line apt sees no
    // packages and says nothing. SHA512 is listed where the files have it: apt asks for by-hash files of the
    // strongest digest alone, so those must be there, too.
    std::vector<ReleaseFile> files;
};

// The whole Release file; architectures, components and files are sorted.
std::string render_release(const Release& release);

}  // namespace repotool::formats::deb
