// SPDX-License-Identifier: GPL-3.0-or-later
// The list of packages in one <group> of comps.xml, and how to make it longer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/formats/rpm/xml_outline.hpp"

namespace repotool::formats::rpm {

// The <packagereq> elements of a group; their text is the package's name.
std::vector<XmlChild> packages_of(std::string_view group, const std::string& shown_as);

// The group with these elements behind its own, all other bytes as they are.
std::string add_packages(std::string_view group, const std::vector<XmlChild>& packages,
                         const std::string& shown_as);

}  // namespace repotool::formats::rpm
