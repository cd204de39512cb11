// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync resume and abort: what a run that died left. The next run would do the same; these do nothing
// else.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "sync/cli/transaction.hpp"
#include "sync/fleet/fleet_recovery.hpp"
#include "sync/fleet/requests.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

std::string waiting_text(const RecoveryReport& report) {
    std::string text;
    for (const auto& name : report.waiting) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string told(const RecoveryReport& report) {
    if (report.finished + report.undone + report.committed == 0 && report.waiting.empty())
        return "no run left anything";
    const std::string done = fmt::format("{} finished, {} taken back",
                                         base::counted(report.finished, "transaction"), report.undone);
    return report.waiting.empty() ? done : fmt::format("{}; waiting for {}", done, waiting_text(report));
}

int recover(const CommonOptions& options, Recover what) {
    Setup setup(options);
    const FleetOptions fleet_options = setup.fleet_options();
    json repositories = json::array();
    int status = 0;
    for (const auto& name : setup.repositories()) {
        const OpenFleet fleet = setup.open(Missing::refuse);
        const RecoveryReport report =
            resume_fleet(setup.source().get(), name, fleet.members, fleet_options, what);
        // A request that outlived whoever should have served it.
        std::vector<FleetResult> served;
        if (what == Recover::all && !open_requests(setup.source().get(), name).empty())
            served = sync_repository(setup, name, fleet_options);
        repositories.push_back({{"repository", name},
                                {"requested", served.size()},
                                {"finished", report.finished},
                                {"undone", report.undone},
                                {"committed", report.committed},
                                {"waiting", report.waiting}});
        if (!options.json && !options.quiet) fmt::print("{}: {}\n", name, told(report));
        for (const auto& result : served) {
            if (!options.json && !options.quiet && !result.failure) fmt::print("{}\n", summary(result));
            if (result.failure) status = complain(*result.failure);
        }
        if (what == Recover::undecided && report.committed > 0) {
            status = complain(
                {base::ErrorKind::conflict, name,
                 fmt::format("cannot abort '{}': it is committed, and some mirror may serve it", name),
                 "mirrorsync resume finishes it; repotool rollback and then mirrorsync goes back"});
        } else if (!report.waiting.empty() && status == 0) {
            status = complain({base::ErrorKind::network, name,
                               fmt::format("cannot reach '{}'", waiting_text(report)),
                               "run the same command again when it is there"});
        }
    }
    if (options.json) print_document({{"ok", status == 0}, {"repositories", repositories}});
    return status;
}

}  // namespace

void add_resume(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
    add_changing(app, options);
}

int resume(const CommonOptions& options) {
    return recover(options, Recover::all);
}

void add_abort(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
    add_changing(app, options);
}

int abort(const CommonOptions& options) {
    return recover(options, Recover::undecided);
}

}  // namespace repotool::sync::cli
