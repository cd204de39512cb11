// SPDX-License-Identifier: GPL-3.0-or-later
// Reads stanzas of a Packages index back with libapt-pkg, to check what was written as apt will see it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats::deb {

struct PackagesEntry {
    std::string name;
    std::string version;
    std::string architecture;
    std::string filename;
    std::string sha256;
    std::uint64_t size = 0;
    std::string description_md5;  // empty where the whole description is in the stanza
};

// Throws base::Error (integrity) when libapt-pkg cannot read `text` (a run of whole stanzas).
std::vector<PackagesEntry> read_packages(std::string_view text);

}  // namespace repotool::formats::deb
