// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-Depends, Depends and Provides of a Packages index, read with libapt-pkg.
#pragma once

#include <string_view>
#include <vector>

#include "core/formats/relations.hpp"

namespace repotool::formats::deb {

// A need for a package of whatever architecture has this behind its name; packages that allow it offer it.
inline constexpr const char* kAnyArchitecture = ":any";

// `text` is a run of whole stanzas. Throws base::Error (integrity).
std::vector<PackageRelations> read_relations(std::string_view text);

}  // namespace repotool::formats::deb
