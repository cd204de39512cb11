// SPDX-License-Identifier: GPL-3.0-or-later
// The order of RPM versions, as librpm has it (rpm-version(7): `~` sorts before the end, `^` after it).
#pragma once

#include <string_view>

namespace repotool::formats::rpm {

// Negative, 0 or positive where `a` is older than, as new as, or newer than `b`. Both are
// "[epoch:]version[-release]"; no epoch is epoch 0, and a text without release is older than the same with
// one. Any text has its place: an empty one is the oldest. Never throws for what a text says.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace repotool::formats::rpm
