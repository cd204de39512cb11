// SPDX-License-Identifier: GPL-3.0-or-later
// Requires, Provides and the listed files of primary.xml.
#pragma once

#include <string_view>
#include <vector>

#include "core/formats/relations.hpp"

namespace repotool::formats::rpm {

// `text` is a run of whole <package> elements. Rich dependencies ("(a if b)") are left out. Throws
// base::Error (integrity).
std::vector<PackageRelations> read_relations(std::string_view text);

}  // namespace repotool::formats::rpm
