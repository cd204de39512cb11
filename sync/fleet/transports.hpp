// SPDX-License-Identifier: GPL-3.0-or-later
// From a target in mirrors.yaml or on the command line to the mirror that is meant.
#pragma once

#include <memory>
#include <string>

#include "sync/fleet/fleet_config.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

// Throws base::Error (usage) for a kind of target that there is not.
void check_target(const std::string& target);
// True where `target` is a path.
bool is_directory_target(const std::string& target);

enum class Missing { make, refuse };
// Throws base::Error (usage, network) where there is none; with Missing::make a directory is made, if its
// parent exists.
std::unique_ptr<Mirror> open_mirror(const MirrorConfig& config, Missing missing);

}  // namespace repotool::sync
