// SPDX-License-Identifier: GPL-3.0-or-later
// The order of versions in either format.
#pragma once

#include <string_view>

#include "core/formats/model.hpp"

namespace repotool::publisher {

// Negative, 0 or positive where `a` is older than, as new as, or newer than `b`, as dpkg and rpm have it.
int compare_versions(formats::Format format, std::string_view a, std::string_view b);

}  // namespace repotool::publisher
