// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of the XML indexes around their <package> elements, and repomd.xml.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace repotool::formats::rpm {

// `kind` is "primary", "filelists" or "other". Text before the first and after the last <package> element.
std::string index_header(std::string_view kind, std::uint64_t package_count);
std::string index_footer(std::string_view kind);

struct RepomdRecord {
    std::string type;      // "primary", …
    std::string location;  // relative to the directory above repodata/: "repodata/<sha256>-primary.xml.gz"
    std::string sha256;    // of the file as served
    std::uint64_t size = 0;
    std::string open_sha256;  // of the text; empty for an uncompressed file
    std::uint64_t open_size = 0;
    base::UnixSeconds timestamp = 0;
};

// The whole repomd.xml; records are put in createrepo_c's order. `revision` must grow from one call to the
// next.
std::string render_repomd(base::UnixSeconds revision, const std::vector<RepomdRecord>& records);

// Text escaped for XML character data or a double-quoted attribute.
std::string xml_escape(std::string_view text);

}  // namespace repotool::formats::rpm
