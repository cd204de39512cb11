// SPDX-License-Identifier: GPL-3.0-or-later
// Text of package headers on its way into XML, with the rules of createrepo_c. One difference: where
// createrepo_c leaves the whole package out because a control character is in its description or changelog,
// only the character goes.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// Escaped for character data and for a double-quoted attribute, as libxml2 writes them. The text must be
// valid XML.
std::string escape_text(std::string_view text);
std::string escape_attribute(std::string_view text);

// `text` as UTF-8 that XML can hold: what is not UTF-8 is taken for Latin-1 (whose control characters, 128 to
// 191 in createrepo_c's count, are dropped), and what XML 1.0 forbids (its section 2.2, Char) is dropped.
std::string to_xml_characters(std::string_view text);

// True when to_xml_characters would lose a character that XML forbids.
bool has_forbidden_characters(std::string_view text) noexcept;

}  // namespace repotool::formats::rpm
