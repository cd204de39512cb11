// SPDX-License-Identifier: GPL-3.0-or-later
// How this folder says no: base::Error of kind input, "cannot read '<package>': <reason>".
#pragma once

#include <string>

#include "core/base/error.hpp"

namespace repotool::formats::rpm {

[[noreturn]] inline void refuse(const std::string& shown_as, std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", shown_as, std::move(reason));
}

}  // namespace repotool::formats::rpm
