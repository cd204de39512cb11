// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror that could not even be opened: part of its fleet, which says what that means.
#pragma once

#include <memory>
#include <string>

#include "core/base/error.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

// Every step throws `error`, as one of the network.
std::unique_ptr<Mirror> make_unreachable_mirror(const std::string& name, const base::Error& error);

}  // namespace repotool::sync
