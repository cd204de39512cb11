// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/input_stream.hpp"

#include <fstream>

namespace repotool::base {

std::unique_ptr<std::istream> open_input_stream(const std::string& path) {
    auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!file->is_open()) return nullptr;
    return file;
}

}  // namespace repotool::base
