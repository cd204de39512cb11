// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/apt_errors.hpp"

#include <apt-pkg/error.h>

namespace repotool::formats::deb {

std::string take_apt_errors() {
    std::string all;
    while (!_error->empty()) {
        std::string message;
        _error->PopMessage(message);
        all += (all.empty() ? "" : "; ") + message;
    }
    return all;
}

}  // namespace repotool::formats::deb
