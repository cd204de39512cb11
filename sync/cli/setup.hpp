// SPDX-License-Identifier: GPL-3.0-or-later
// What a command works on: SOURCE, repositories and mirrors, from the command line or from mirrors.yaml.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sync/cli/commands.hpp"
#include "sync/fleet/coordinator.hpp"
#include "sync/fleet/fleet_config.hpp"
#include "sync/fleet/transports.hpp"
#include "sync/source/source.hpp"

namespace repotool::sync::cli {

// The mirrors of one transaction; each has its own connections.
struct OpenFleet {
    std::vector<std::unique_ptr<Mirror>> mirrors;
    std::vector<std::unique_ptr<Checker>> checkers;
    std::vector<FleetMember> members;
};

class Setup {
public:
    // Throws base::Error (usage).
    explicit Setup(const CommonOptions& options);

    OpenSource& source() noexcept { return *source_; }
    const FleetConfig& config() const noexcept { return config_; }
    // Sorted.
    const std::vector<std::string>& repositories() const noexcept { return repositories_; }
    // With what the options say instead.
    FleetOptions fleet_options() const;
    // A mirror that cannot be opened is part of the fleet, and every step of it fails for that reason.
    OpenFleet open(Missing missing) const;

private:
    void take_config(const std::string& file);
    void keep_mirrors(const std::vector<std::string>& names);
    void take_places(const CommonOptions& options);
    void take_addresses(const CommonOptions& options);
    void check_targets() const;
    void choose_repositories(const CommonOptions& options);
    std::unique_ptr<Mirror> reopen(const std::string& name) const;

    FleetConfig config_;
    bool has_config_ = false;
    std::unique_ptr<OpenSource> source_;
    std::vector<std::string> repositories_;
};

}  // namespace repotool::sync::cli
