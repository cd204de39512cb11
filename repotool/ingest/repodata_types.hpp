// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of a foreign repodata/ directory are: its repomd.xml says so, whatever they are called.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace repotool::publisher {

// File name → type, for all that is not made from the packages (core/formats/rpm/extra_metadata.hpp). Empty
// where `directory` has no repomd.xml, or one that cannot be read: that is warned of.
std::optional<std::map<std::string, std::string>> repodata_types(const std::string& directory);

}  // namespace repotool::publisher
