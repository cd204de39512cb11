// SPDX-License-Identifier: GPL-3.0-or-later
// Reads stanzas of a Sources index back with libapt-pkg, to check what was written as apt will see it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats::deb {

struct SourcesFile {
    std::string name;
    std::string sha256;
    std::uint64_t size = 0;
};

struct SourcesEntry {
    std::string name;
    std::string version;
    std::string directory;
    std::vector<SourcesFile> files;  // Checksums-Sha256, the .dsc among them, in the stanza's order
};

// Throws base::Error (integrity) when libapt-pkg cannot read `text` (a run of whole stanzas).
std::vector<SourcesEntry> read_sources(std::string_view text);

}  // namespace repotool::formats::deb
