// SPDX-License-Identifier: GPL-3.0-or-later
// Armor (RFC 4880 §6) and the cleartext framework (§7), for signatures and keys that did not come out of one
// gpg. Private to signing/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing {

enum class ArmorKind { signature, public_key };

// Armored text with its checksum.
std::string armor(ArmorKind kind, std::string_view bytes);
// The bytes of the first armored block of that kind in `text`. Throws base::Error (signing) where there is
// none or it is damaged.
std::string unarmor(ArmorKind kind, std::string_view text);

// One armored block with what several armored blocks of that kind hold, in their order.
std::string join_armored(ArmorKind kind, const std::vector<std::string>& blocks);
// One cleartext-signed message with the signatures of all `messages`, each of which signs the same text.
std::string join_clear_signed(const std::vector<std::string>& messages);

// What a text signature in a cleartext message covers: CR LF between lines, no blanks before them, no line
// end after the last line.
std::string canonical_text(std::string_view text);
// The cleartext-signed message of `text`, given a binary signature packet over canonical_text(text) with
// SHA-512.
std::string clear_signed_message(std::string_view text, std::string_view packet);

}  // namespace repotool::signing
