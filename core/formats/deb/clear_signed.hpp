// SPDX-License-Identifier: GPL-3.0-or-later
// .dsc and .changes come with or without a cleartext signature around them (RFC 4880 §7). This takes the
// frame off; whether the signature is good is another question (signing/verifier.hpp).
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::deb {

// The text of `document`: all of it where it is not signed, else what its one message holds, dashes unescaped
// and without blanks at the ends of lines, which no signature covers. Throws base::Error (input) where there
// is anything outside the message, because readers do not agree on what that means.
std::string open_clear_signed(std::string_view document);

}  // namespace repotool::formats::deb
