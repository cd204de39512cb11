// SPDX-License-Identifier: GPL-3.0-or-later
// Who brought a package into a repository, by its history.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "repotool/inspect/provenance.hpp"

namespace repotool::publisher {

class LettingIn {
public:
    // Throws base::Error as read_chronicle() does; (storage) where private/ may not be read.
    LettingIn(fs::Filesystem& filesystem, const std::string& repository);

    // The newest request that added this file to the dist and component, in this generation or before it; a
    // rollback only where there is no other, because it asks nobody. Null where nothing tells.
    const Cause* find(const std::string& format, const std::string& dist, const std::string& component,
                      const std::string& sha256, std::uint64_t generation) const;
    // The newest generation that was flipped.
    std::uint64_t last() const noexcept { return last_; }

private:
    std::vector<Cause> causes_;  // ascending
    std::map<std::string, std::vector<std::size_t>> by_file_;
    std::uint64_t last_ = 0;
};

}  // namespace repotool::publisher
