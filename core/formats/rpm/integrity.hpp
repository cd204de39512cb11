// SPDX-License-Identifier: GPL-3.0-or-later
// Proves that an .rpm file holds the bytes that it was built with, from the digests that it carries itself.
#pragma once

#include <cstdint>
#include <istream>
#include <string>

#include "core/formats/rpm/file_layout.hpp"

namespace repotool::formats::rpm {

// PAYLOADDIGEST and PAYLOADDIGESTALGO of the main header: of the payload as stored, that is, compressed.
struct PayloadDigest {
    std::string hex;              // empty when the package has none (built before rpm 4.14)
    std::uint64_t algorithm = 0;  // of OpenPGP: 1 MD5, 2 SHA-1, 8 SHA-256, 10 SHA-512
};

// SHA-256 of two parts that signing does not change.
struct ContentDigests {
    std::string header_sha256;
    std::string payload_sha256;
};

// Reads the file once from the main header on and compares all that can be compared: header SHA-256 and
// SHA-1, the payload digest, and where there is none the MD5 of header and payload. A package without any
// digest passes (rpm 3). Throws base::Error (input).
ContentDigests check_content(std::istream& file, const FileLayout& layout,
                             const PayloadDigest& payload_digest, const std::string& shown_as);

}  // namespace repotool::formats::rpm
