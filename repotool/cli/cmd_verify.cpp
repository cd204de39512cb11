// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/inspect/verify.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string reference;
    bool full = false;
};

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto depth = options.full ? publisher::Depth::full : publisher::Depth::normal;
    const auto report = publisher::verify_generation(*site.filesystem, "public", options.reference, depth);
    ordered_json findings = ordered_json::array();
    for (const auto& finding : report.findings) {
        findings.push_back(
            {{"path", base::printable(finding.path)}, {"problem", base::printable(finding.problem)}});
        std::fputs(
            fmt::format("repotool: {}: {}\n", base::printable(finding.path), base::printable(finding.problem))
                .c_str(),
            stderr);
    }
    const std::string name = fmt::format("{}@{}", report.repository, report.generation);
    const bool expired =
        report.is_current && report.valid_until && *report.valid_until < base::system_clock().real_now();
    if (expired) {
        base::warn(fmt::format("its Valid-Until is over since {}: apt refuses it until `repotool refresh {}`",
                               base::iso8601(*report.valid_until), report.repository));
    }
    if (global.json) {
        print(
            ordered_json{{"ok", report.findings.empty() && !expired},
                         {"repository", report.repository},
                         {"generation", report.generation},
                         {"manifest_sha256", report.manifest_sha256},
                         {"packages", report.packages},
                         {"files", report.files},
                         {"signed", report.is_signed},
                         {"valid_until", report.valid_until ? ordered_json(base::iso8601(*report.valid_until))
                                                            : ordered_json(nullptr)},
                         {"findings", findings}}
                .dump(1) +
            "\n");
    } else if (report.findings.empty() && !global.quiet) {
        print(fmt::format("{} is {}: {}, {} looked at, {}\n", name, expired ? "whole, but expired" : "good",
                          base::counted(report.packages, "package"), base::counted(report.files, "file"),
                          report.is_signed ? "signed" : "not signed"));
    } else if (!report.findings.empty()) {
        print(fmt::format("{} is damaged: {}\n", name, base::counted(report.findings.size(), "finding")));
    }
    if (!report.findings.empty()) return base::exit_code(base::ErrorKind::integrity);
    return expired ? base::exit_code(base::ErrorKind::policy) : 0;
}

}  // namespace

void add_verify(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("verify", "check a published repository as a client would");
    command->add_option("repository", options->reference, "a repository, repository@N or repository@TAG")
        ->required()
        ->type_name("REPOSITORY");
    command->add_flag("--full", options->full,
                      "also the digest of every package, and every index against the manifest");
    command->footer(
        console::footer("Exit status 9 where something is not what was published, 4 where Valid-Until is "
                        "over; every finding is "
                        "one line.",
                        {"repotool verify stable", "repotool verify stable@41 --full"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
