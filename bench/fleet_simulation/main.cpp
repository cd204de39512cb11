// SPDX-License-Identifier: GPL-3.0-or-later
// fleet_simulation: runs the simulation and prints what it came to, as JSON. Exit status 1 where an invariant
// did not hold.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "simulation.hpp"

namespace {

using namespace repotool::simulation;
using nlohmann::ordered_json;

ordered_json shown(Distribution& distribution) {
    const auto rounded = [&](double share) { return std::round(distribution.quantile(share) * 10) / 10; };
    return {{"count", distribution.count()},
            {"p50", rounded(0.5)},
            {"p90", rounded(0.9)},
            {"p99", rounded(0.99)},
            {"max", rounded(1)}};
}

ordered_json shown(const Settings& settings, Simulation& simulation) {
    Figures& figures = simulation.figures();
    const Ledger& ledger = simulation.ledger();
    ordered_json by_invariant = ordered_json::object();
    for (const auto& [invariant, count] : ledger.by_invariant())
        by_invariant[std::string(1, invariant)] = count;
    return {{"mirrors", settings.mirrors},
            {"transactions", settings.transactions},
            {"seed", settings.seed},
            {"simulated_days", simulation.time() / kHour / 24},
            {"runs", figures.runs},
            {"committed", figures.committed},
            {"aborted", figures.aborted},
            {"late", figures.late},
            {"killed", figures.killed},
            {"overtaken", figures.overtaken},
            {"recoveries", figures.recoveries},
            {"events", ledger.events()},
            {"flip_skew_ms", shown(figures.skew)},
            {"merged_to_visible_ms", shown(figures.visible)},
            {"merged_to_visible_on_each_ms", shown(figures.visible_each)},
            {"violations", ledger.violations()},
            {"violations_by_invariant", by_invariant},
            {"examples", ledger.examples()}};
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Simulates a fleet under the real coordinator, with failures, and checks its invariants.");
    app.add_option("--mirrors", settings.mirrors)->check(CLI::Range(3, 100'000))->capture_default_str();
    app.add_option("--required", settings.required, "of the mirrors (default: one in twenty)");
    app.add_option("--transactions", settings.transactions)->capture_default_str();
    app.add_option("--seed", settings.seed)->capture_default_str();
    app.add_option("--parallel", settings.parallel, "mirrors at work at once")->capture_default_str();
    app.add_option("--failure-rate", settings.failure_rate, "of a mirror, in one transaction")
        ->capture_default_str();
    app.add_option("--kill-rate", settings.kill_rate, "of a coordinator")->capture_default_str();
    app.add_option("--overtake-rate", settings.overtake_rate, "of a coordinator")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    repotool::base::set_console([](const repotool::base::Message&) {});  // thousands of things go wrong
    Simulation simulation(settings);
    simulation.run();
    fmt::print("{}\n", shown(settings, simulation).dump(1));
    return simulation.ledger().violations() == 0 ? 0 : 1;
}
