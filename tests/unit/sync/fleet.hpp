// SPDX-License-Identifier: GPL-3.0-or-later
// A site, two directory mirrors and runs over them, with filesystems between that a test can spoil.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "small_site.hpp"
#include "sync/fleet/coordinator.hpp"

namespace repotool::sync::testing {

// Puts something between the product and a disk; "a", "b" are the mirrors, "state" is the coordinator's.
using Wrap =
    std::function<std::unique_ptr<fs::Filesystem>(const std::string& which, std::unique_ptr<fs::Filesystem>)>;

struct TwoMirrors {
    Workspace workspace;
    SmallSite site{workspace.path("site")};
    std::string a = workspace.directory("a");
    std::string b = workspace.directory("b");

    // One run with new objects, as a new process has them.
    FleetResult run(const Wrap& wrap = {}, const FleetOptions& options = {}) const;
    FleetResult run_to(const std::vector<std::string>& mirrors, const Wrap& wrap = {},
                       FleetOptions options = {}) const;
    // Generation that clients of a mirror see; 0: none. What it names is checked to be there.
    std::uint64_t seen(const std::string& mirror) const;
    // Journals of coordinators that are left, and leftovers of transactions on the mirrors.
    std::size_t leftovers() const;
};

}  // namespace repotool::sync::testing
