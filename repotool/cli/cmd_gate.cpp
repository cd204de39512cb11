// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/store/names.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/policy/gate.hpp"
#include "repotool/policy/subject.hpp"
#include "repotool/publish/provenance_demand.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::GateReport;
using publisher::GateSubject;

struct Options {
    std::string change;
    std::string target;
};

ordered_json to_json(const GateReport& report, const GateSubject& subject, const std::string& target) {
    ordered_json missing = ordered_json::array();
    for (const auto& finding : report.findings) {
        missing.push_back({{"check", finding.check},
                           {"dist", finding.dist},
                           {"reason", base::printable(finding.sentence)},
                           {"log_url", finding.log_url},
                           {"may_be_overridden", finding.may_be_overridden}});
    }
    return {{"ok", report.findings.empty()},
            {"repository", subject.generation->repository},
            {"generation", subject.generation->generation},
            {"manifest_sha256", subject.generation->manifest_sha256},
            {"target", target},
            {"missing", missing},
            {"evidence", report.evidence}};
}

std::string to_text(const GateReport& report, const GateSubject& subject, const std::string& target,
                    bool has_gate) {
    std::string text;
    for (const auto& finding : report.findings) text += describe(finding) + "\n";
    if (!text.empty()) return text;
    if (!has_gate) return fmt::format("{} has no gate: nothing is asked of {}\n", target, subject.shown);
    return fmt::format("{} may pass the gate of {}\n", subject.shown, target);
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    store::check_repository_name(options.target);
    const auto change = publisher::open_change(*site.filesystem, options.change);
    const auto name = publisher::name_of(change);
    const GateSubject subject{fmt::format("{}@{}", name.repository, name.generation), name,
                              publisher::packages_of(change)};
    publisher::Gate gate(*site.filesystem, site.config, options.target, site.site->clock().real_now());
    GateReport report = gate.judge({subject});
    for (auto& finding :
         publisher::missing_provenance(*site.filesystem, site.config, options.target, subject))
        report.findings.push_back(std::move(finding));
    const bool asks = gate.asks(subject) || site.config.repository(options.target).require_provenance;
    if (global.json) {
        print(to_json(report, subject, options.target).dump(1) + "\n");
    } else if (!global.quiet || !report.findings.empty()) {
        print(to_text(report, subject, options.target, asks));
    }
    return report.findings.empty() ? 0 : base::exit_code(base::ErrorKind::policy);
}

}  // namespace

void add_gate(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("gate", "what a change still needs before it may be promoted");
    command->add_option("change", options->change, "change, or repository[@N]")
        ->required()
        ->type_name("CHANGE");
    command->add_option("target", options->target, "the repository that it shall go into")
        ->required()
        ->type_name("TARGET");
    command->footer(
        console::footer("One line for each thing that is missing, and exit status 4; or 0.",
                        {"repotool gate change-1234 stable", "repotool gate test/gate-7 stable --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
