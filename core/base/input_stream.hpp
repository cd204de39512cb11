// SPDX-License-Identifier: GPL-3.0-or-later
// A file as a stream, for parsers: they run in a confined worker, where the filesystem seam is out of reach
// and not needed.
#pragma once

#include <istream>
#include <memory>
#include <string>

namespace repotool::base {

// Null where the file cannot be opened.
std::unique_ptr<std::istream> open_input_stream(const std::string& path);

}  // namespace repotool::base
