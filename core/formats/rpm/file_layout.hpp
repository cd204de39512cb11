// SPDX-License-Identifier: GPL-3.0-or-later
// Where the parts of an .rpm file lie: lead, signature header, main header, payload. Checked by our own code
// before librpm sees a byte, so that a length that lies costs nothing: no allocation follows a number that
// the file's size does not cover.
//
//   0     lead            96 bytes
//   96    signature       16 bytes intro, 16 bytes per entry, data; padded to 8 bytes
//   start main header     16 bytes intro, 16 bytes per entry, data
//   end   payload         up to the end of the file
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

namespace repotool::formats::rpm {

// What the signature header promises about the rest of the file; texts are hexadecimal, empty when absent.
struct SignatureTags {
    std::optional<std::uint64_t> size;  // SIZE or LONGSIZE: bytes of main header and payload
    std::string md5;                    // of main header and payload
    std::string sha1;                   // of the main header
    std::string sha256;                 // of the main header
};

// Byte offsets in the file; header_start and header_end are createrepo_c's <rpm:header-range>.
struct FileLayout {
    std::uint64_t header_start = 0;
    std::uint64_t header_end = 0;
    std::uint64_t file_size = 0;
    SignatureTags signature;
};

// Throws base::Error (input) for a file that is no RPM package, that is cut off, or whose headers are out of
// bounds.
FileLayout read_layout(std::istream& file, const std::string& shown_as);

}  // namespace repotool::formats::rpm
