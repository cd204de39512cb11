// SPDX-License-Identifier: GPL-3.0-or-later
// Which paths that people give are the same file.
#pragma once

#include <map>
#include <string>

namespace repotool::publisher {

// Two paths of one file have one identity, an absolute path: symlinks in its directory, "." and ".." do not
// matter.
class Identities {
public:
    std::string of(const std::string& path);

private:
    std::map<std::string, std::string> directories_;
};

}  // namespace repotool::publisher
