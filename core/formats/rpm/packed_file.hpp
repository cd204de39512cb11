// SPDX-License-Identifier: GPL-3.0-or-later
// A file that may be packed, as text.
#pragma once

#include <cstdint>
#include <string>

namespace repotool::formats::rpm {

// The bytes of the file, unpacked where its first bytes are those of gzip, xz or zstd; concatenated members,
// streams and frames are one text. Throws base::Error (input), naming `shown_as`, for damaged data, for
// bzip2, and where there are more than `limit` bytes.
std::string read_packed_file(const std::string& path, std::uint64_t limit, const std::string& shown_as);

}  // namespace repotool::formats::rpm
