// SPDX-License-Identifier: GPL-3.0-or-later
// The difference between two texts as one Zstandard frame (RFC 8878) with the first text as its prefix: what
// they share costs next to nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace repotool::formats {

// `base` may be empty: then it is the compressed text.
std::string make_patch(std::string_view base, std::string_view text);
// Throws base::Error (integrity) for a patch that is damaged, or whose text has other than `size` bytes.
std::string apply_patch(std::string_view base, std::string_view patch, std::uint64_t size);

}  // namespace repotool::formats
