// SPDX-License-Identifier: GPL-3.0-or-later
// comps.xml: groups of packages, categories and environments of groups, and language packs.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// See merge_extra. Throws base::Error (input), naming `shown_as`.
std::string merge_comps(std::string_view current, std::string_view incoming, const std::string& shown_as);

}  // namespace repotool::formats::rpm
