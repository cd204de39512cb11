// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync [SOURCE] TARGET…: one fleet transaction per repository, side by side.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/console/main.hpp"
#include "core/fs/external.hpp"
#include "sync/cli/result_files.hpp"
#include "sync/cli/transaction.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

// Repositories at once: each has a thread per mirror.
constexpr std::size_t kRepositoriesAtOnce = 4;

std::vector<FleetResult> sync_all(Setup& setup, const FleetOptions& options) {
    const auto& names = setup.repositories();
    std::vector<std::vector<FleetResult>> each(names.size());
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < names.size(); ++i)
        work.emplace_back([&, i] { each[i] = sync_repository(setup, names[i], options); });
    real_runtime().run_all(work, kRepositoriesAtOnce);
    std::vector<FleetResult> results;
    for (auto& some : each) std::move(some.begin(), some.end(), std::back_inserter(results));
    return results;
}

// True for a mirror that did what it should in every transaction.
bool is_in_step(const std::vector<FleetResult>& results, const std::string& name) {
    return std::all_of(results.begin(), results.end(), [&](const FleetResult& result) {
        return std::any_of(result.mirrors.begin(), result.mirrors.end(), [&](const MirrorResult& mirror) {
            return mirror.name == name &&
                   (mirror.outcome == MirrorOutcome::flipped || mirror.outcome == MirrorOutcome::unchanged);
        });
    });
}

// After all transactions, so that it delays none.
void tidy(Setup& setup, FleetOptions options, const std::vector<FleetResult>& results) {
    constexpr std::int64_t kPatienceSeconds = 10;  // whoever is at work there tidies up, too
    options.policy.retire.lock_timeout = std::min(options.policy.retire.lock_timeout, kPatienceSeconds);
    OpenFleet fleet = setup.open(Missing::refuse);
    std::erase_if(fleet.members,
                  [&](const FleetMember& member) { return !is_in_step(results, member.mirror->name()); });
    retire_all(fleet.members, options, [](const std::string& mirror, const Retired& retired) {
        if (retired.generations + retired.metadata_files + retired.package_files == 0) return;
        base::info(fmt::format("{}: retired {}, {}, {} of metadata", mirror,
                               base::counted(retired.generations, "generation"),
                               base::counted(retired.package_files, "package file"),
                               base::counted(retired.metadata_files, "file")));
    });
}

void tell_who_lags(const FleetResult& result) {
    for (const auto& mirror : result.mirrors) {
        if (mirror.outcome == MirrorOutcome::lagging && mirror.failure)
            base::warn(fmt::format("'{}' is behind: {}", mirror.name, mirror.failure->message));
    }
}

int report(const RunOptions& options, const std::vector<FleetResult>& results) {
    const json document = document_of(results);
    write_result_files(options, results, document);
    if (options.common.json) print_document(document);
    int status = 0;  // the first failure's; where nothing failed, that of a lagging mirror
    bool status_is_failure = false;
    std::set<std::string> told;  // a mirror that is away fails every repository in the same way
    for (const auto& result : results) {
        const bool is_worth_a_line = !result.failure || result.settled_at != 0;
        if (!options.common.json && !options.common.quiet && is_worth_a_line && !result.transaction.empty())
            fmt::print("{}\n", summary(result));
        const int code = exit_status(result);
        if (result.failure && told.insert(result.failure->message).second) complain(*result.failure);
        if (!result.failure && result.is_lagging) tell_who_lags(result);
        if (status == 0 || result.failure) status = status_is_failure ? status : code;
        status_is_failure = status_is_failure || result.failure;
    }
    return status;
}

}  // namespace

void add_run(CLI::App& app, RunOptions& options) {
    add_common(app, options.common);
    add_changing(app, options.common);
    app.add_flag("--transactional", options.transactional,
                 "stage and verify on all targets, then flip all (the default)");
    app.add_option("--report", options.report, "write the --json document to this file, too")
        ->type_name("FILE");
    app.add_option("--synced-packages", options.synced_packages,
                   "write the packages that this run brought to the mirrors")
        ->type_name("FILE");
    app.add_option("--junit", options.junit, "write a JUnit report: a test case for each mirror")
        ->type_name("FILE");
    app.add_option("--metrics", options.metrics, "write metrics in Prometheus' text format")
        ->type_name("FILE");
}

int run(const RunOptions& options) {
    for (const auto& file : {options.report, options.synced_packages, options.junit, options.metrics})
        console::check_result_file(file);
    Setup setup(options.common);
    const FleetOptions fleet = setup.fleet_options();
    setup.open(Missing::make);  // a target that cannot be meant is told once
    const auto results = sync_all(setup, fleet);
    tidy(setup, fleet, results);
    return report(options, results);
}

}  // namespace repotool::sync::cli
