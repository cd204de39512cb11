// SPDX-License-Identifier: GPL-3.0-or-later
// Words for what several commands show.
#pragma once

#include <string>

#include "core/store/manifest.hpp"

namespace repotool::cli {

// "binary", "source", "udeb", "debug".
const char* set_kind_name(const store::SetEntry& set);
// "amd64", "source", "amd64 (installer)", "x86_64 (debug)".
std::string set_text(const store::SetEntry& set);

}  // namespace repotool::cli
