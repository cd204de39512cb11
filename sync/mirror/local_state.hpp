// SPDX-License-Identifier: GPL-3.0-or-later
// What a coordinator keeps on its own host about something that it does not own or cannot write to.
#pragma once

#include <string>

namespace repotool::sync {

// $XDG_STATE_HOME/mirrorsync/<digest of `what`>, made where it is not there. Throws base::Error (usage) where
// there is no home to keep it in.
std::string local_state_directory(const std::string& what);

}  // namespace repotool::sync
