// SPDX-License-Identifier: GPL-3.0-or-later
// Where something stands in a text file that a person wrote.
#pragma once

#include <map>
#include <string>

namespace repotool::yaml {

struct TextPlace {
    int line = 0;  // from 1
    int column = 0;
};
// By the path of the key: `site.base_url`, `dists[0].name`, `repositories."7.0/updates".sign`.
using TextPlaces = std::map<std::string, TextPlace>;

}  // namespace repotool::yaml
