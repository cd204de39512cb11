// SPDX-License-Identifier: GPL-3.0-or-later
// Reads <package> elements of primary, filelists and other back with an XML parser (expat, no DTD, no
// entities), to check what was written as a client will see it, and repomd.xml.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/rpm/repomd_writer.hpp"

namespace repotool::formats::rpm {

struct XmlEntry {
    std::string pkgid;
    std::string name;
    std::string architecture;
    std::string epoch, version, release;
    std::string location;    // primary only: href
    std::uint64_t size = 0;  // primary only: <size package=…>
};

// `text` is a run of whole <package> elements of the index `kind`, without header and footer.
// Throws base::Error (integrity) when the text is not well-formed.
std::vector<XmlEntry> read_entries(std::string_view kind, std::string_view text);

struct Repomd {
    std::string revision;
    std::vector<RepomdRecord> records;
};
// Throws base::Error (integrity). Input above 1 MiB, a DTD or an entity is refused.
Repomd read_repomd(std::string_view text);

}  // namespace repotool::formats::rpm
