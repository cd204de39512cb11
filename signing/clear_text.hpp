// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of a cleartext signature (RFC 4880 §7), looked at before gpg does: gpg skips whatever surrounds a
// message, and a client may read what gpg skipped.
#pragma once

#include <string>
#include <string_view>

namespace repotool::signing {

// Why `message` is not exactly one cleartext-signed message from its first to its last byte; empty when it
// is.
std::string fault_of_clear_signed_frame(std::string_view message);

// Blanks at the end of a line are not covered by a cleartext signature, so they are no part of the signed
// text.
std::string without_trailing_blanks(std::string_view text);

}  // namespace repotool::signing
