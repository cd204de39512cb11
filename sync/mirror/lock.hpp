// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for a lock file, with an answer for people who want to know for whom.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"

namespace repotool::sync {

// Throws base::Error (conflict) that names `object` and the holder after `timeout_seconds`.
std::unique_ptr<fs::Lock> wait_for_lock(fs::Filesystem& filesystem, const std::string& path,
                                        const std::string& object, std::int64_t timeout_seconds);

}  // namespace repotool::sync
