// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of a stanza in an index, as libapt-pkg's pkgTagSection::Write writes them.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::deb {

// "name: value" and a line's end; no blank after the colon where the value brings its own white space. A
// value that is not UTF-8 is taken for Latin-1 and converted: apt-ftparchive passes such bytes through, but
// records travel as JSON here, clients show the right letters, and Policy 5.1 wants UTF-8.
void append_field(std::string& target, std::string_view name, std::string_view value);

// `text`, or its conversion as above.
void append_utf8(std::string& target, std::string_view text);

// True where `field` is in `order`, one of libapt-pkg's TFRewrite…Order, in any case.
bool is_in_order(const char* const* order, std::string_view field) noexcept;

}  // namespace repotool::formats::deb
