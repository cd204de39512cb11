// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/cli/transaction.hpp"

#include "sync/fleet/requests.hpp"

namespace repotool::sync::cli {

std::vector<FleetResult> sync_repository(Setup& setup, const std::string& repository,
                                         const FleetOptions& options) {
    std::vector<FleetResult> results;
    try {
        run_as_requested(setup.source().get(), repository, options, [&](const FleetOptions& now) {
            setup.source().refresh(repository);
            const OpenFleet fleet = setup.open(Missing::make);
            results.push_back(run_fleet(setup.source().get(), repository, fleet.members, now));
            return results.back();
        });
    } catch (const std::exception&) {
        FleetResult result;
        result.repository = repository;
        result.failure = describe_failure(std::current_exception());
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace repotool::sync::cli
