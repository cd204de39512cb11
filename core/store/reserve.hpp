// SPDX-License-Identifier: GPL-3.0-or-later
// Space that is kept so that gc can work on a full disk: private/reserve, real bytes.
#pragma once

#include <functional>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

// Makes the reserve where it is missing; a disk that has no room for it is no error.
void keep_reserve(fs::Filesystem& filesystem);
// Runs `action`; where it fails because the disk is full and there is a reserve, releases that and runs it
// once more. So `action` can be repeated.
void with_reserve(fs::Filesystem& filesystem, const std::function<void()>& action);

}  // namespace repotool::store
