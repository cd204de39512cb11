// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync plan: what a run would bring to each mirror; changes nothing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "sync/cli/setup.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

std::string line_of(const MirrorResult& mirror, const PlanSummary& plan) {
    if (mirror.failure) return mirror.failure->message;
    if (mirror.outcome == MirrorOutcome::unchanged) return "has it already";
    return fmt::format("{} in {} ({}), {} leave; free: {}{}", base::human_size(plan.bytes),
                       base::counted(plan.files, "file"), base::counted(plan.packages, "package file"),
                       base::counted(plan.removed_packages, "package"),
                       plan.free_bytes ? base::human_size(*plan.free_bytes) : "unknown",
                       plan.free_inodes ? fmt::format(", {} inodes", *plan.free_inodes) : "");
}

json to_json(const MirrorResult& mirror, const PlanSummary& plan) {
    const bool is_current = mirror.outcome == MirrorOutcome::unchanged;
    return {{"name", mirror.name},
            {"state", mirror.failure ? "failed"
                      : is_current   ? "current"
                                     : "behind"},
            {"bytes", plan.bytes},
            {"files", plan.files},
            {"inodes", plan.files},
            {"packages", plan.packages},
            {"removed_packages", plan.removed_packages},
            {"free_bytes", plan.free_bytes ? json(*plan.free_bytes) : json(nullptr)},
            {"free_inodes", plan.free_inodes ? json(*plan.free_inodes) : json(nullptr)},
            {"error", mirror.failure ? json(mirror.failure->message) : json(nullptr)}};
}

}  // namespace

void add_plan(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
    add_changing(app, options);
}

int plan(const CommonOptions& options) {
    Setup setup(options);
    const FleetOptions fleet_options = setup.fleet_options();
    json repositories = json::array();
    std::optional<Failure> failure;
    for (const auto& name : setup.repositories()) {
        setup.source().refresh(name);
        const OpenFleet fleet = setup.open(Missing::refuse);
        const FleetPlan found = plan_fleet(setup.source().get(), name, fleet.members, fleet_options);
        json findings = json::array();
        for (const auto& finding : found.findings) {
            findings.push_back({{"fatal", finding.is_fatal}, {"message", finding.failure.message}});
            if (!options.json && !finding.is_fatal) fmt::print("{}\n", finding.failure.message);
        }
        json mirrors = json::array();
        for (const auto& [mirror, summary] : found.mirrors) {
            mirrors.push_back(to_json(mirror, summary));
            if (!options.json)
                fmt::print("{}@{} to {}: {}\n", name, found.generation, mirror.name,
                           line_of(mirror, summary));
        }
        repositories.push_back({{"repository", name},
                                {"generation", found.generation},
                                {"findings", findings},
                                {"mirrors", mirrors}});
        if (!failure) failure = found.failure;
    }
    if (options.json) {
        json document{{"ok", !failure}, {"repositories", repositories}};
        if (failure) document["error"] = to_json(*failure);
        print_document(document);
    }
    return failure ? complain(*failure) : 0;
}

}  // namespace repotool::sync::cli
