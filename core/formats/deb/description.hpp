// SPDX-License-Identifier: GPL-3.0-or-later
// Long descriptions apart from Packages: in Translation-en
// (https://wiki.debian.org/DebianRepository/Format#Translation).
#pragma once

#include <string>

#include "core/formats/model.hpp"

namespace repotool::formats::deb {

struct SplitDescription {
    IndexText packages;       // with the synopsis alone, and Description-md5
    std::string translation;  // one stanza of Translation-en with its empty line; "" without a Description
};

// `full` is index["Packages"] of the package called `name`. Description-md5 is what apt computes of the whole
// text: by it apt finds the long one, and knows the description of a package that is installed already.
SplitDescription split_description(const IndexText& full, std::string_view name);

}  // namespace repotool::formats::deb
