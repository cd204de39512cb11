// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/upkeep/fsck.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::FsckReport;
using publisher::RepairState;

struct Options {
    bool repair = false;
};

const char* state_name(RepairState state) {
    switch (state) {
        case RepairState::done:
            return "done";
        case RepairState::possible:
            return "possible";
        default:
            return "none";
    }
}

std::uint64_t left(const FsckReport& report) {
    return report.findings.size() - report.count(RepairState::done);
}

ordered_json to_json(const FsckReport& report) {
    ordered_json findings = ordered_json::array();
    for (const auto& finding : report.findings) {
        findings.push_back({{"repository", finding.repository},
                            {"path", base::printable(finding.path)},
                            {"problem", base::printable(finding.problem)},
                            {"repair", state_name(finding.repair)}});
    }
    return {{"ok", left(report) == 0},
            {"repaired", report.count(RepairState::done)},
            {"left", left(report)},
            {"files", report.files},
            {"findings", findings}};
}

std::string to_text(const FsckReport& report) {
    const std::string files = base::counted(report.files, "file");
    if (report.findings.empty()) return fmt::format("the site is good: {} looked at\n", files);
    std::string text =
        left(report) == 0
            ? fmt::format("the site is good again: {} repaired\n",
                          base::counted(report.count(RepairState::done), "finding"))
            : fmt::format("the site is damaged: {}, {} repaired, {} looked at\n",
                          base::counted(left(report), "finding"), report.count(RepairState::done), files);
    if (report.count(RepairState::possible) > 0)
        text += fmt::format("repotool fsck --repair mends {} of them\n", report.count(RepairState::possible));
    return text;
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    const auto report = publisher::check_site(
        publish_context(site, global), options.repair ? publisher::Repair::yes : publisher::Repair::no);
    for (const auto& finding : report.findings) {
        console::complain(
            "repotool",
            fmt::format("{}: {}{}", base::printable(finding.path), base::printable(finding.problem),
                        finding.repair == RepairState::done ? " (repaired)" : ""),
            "");
    }
    if (global.json) {
        print(to_json(report).dump(1) + "\n");
    } else if (!global.quiet || left(report) > 0) {
        print(to_text(report));
    }
    return left(report) == 0 ? 0 : base::exit_code(base::ErrorKind::integrity);
}

}  // namespace

void add_fsck(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("fsck", "compare the whole site with its manifests and histories");
    command->add_flag("--repair", options->repair, "mend what can be proven; nothing is invented");
    command->footer(console::footer(
        "Reads every file once: each generation with all that it names, objects, histories, lists. Repaired "
        "are "
        "symlinks that a manifest fixes, a published name or an object where the other of the two is good, a "
        "missing head, and what killed commands and nobody needs. For damaged metadata: repotool refresh "
        "makes a "
        "new generation. Publishers go on meanwhile. Exit status 9 where a finding is left.",
        {"repotool fsck", "repotool fsck --repair", "repotool fsck --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
