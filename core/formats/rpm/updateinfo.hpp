// SPDX-License-Identifier: GPL-3.0-or-later
// updateinfo.xml: advisories, one <update> each, known by their <id>.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// See merge_extra. Throws base::Error (input), naming `shown_as`.
std::string merge_updateinfo(std::string_view current, std::string_view incoming,
                             const std::string& shown_as);

}  // namespace repotool::formats::rpm
