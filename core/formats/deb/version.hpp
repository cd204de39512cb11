// SPDX-License-Identifier: GPL-3.0-or-later
// The order of Debian versions (Debian Policy 5.6.12).
#pragma once

#include <string_view>

namespace repotool::formats::deb {

// Negative, 0 or positive: `left` is older than, as new as, newer than `right`. Equal versions may be written
// differently: "1.0", "0:1.0-0" and "1.00" are one. Any text has its place, numbers of any length too, so a
// list of versions that nobody checked can be sorted.
int compare_versions(std::string_view left, std::string_view right) noexcept;

}  // namespace repotool::formats::deb
