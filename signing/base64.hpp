// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 (RFC 4648), strictly: one spelling for each text. Private to signing/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace repotool::signing {

// In the alphabet of §4 or of §5, not of both, with its padding and without anything else. Empty where it is
// none.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace repotool::signing
