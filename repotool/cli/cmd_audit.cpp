// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/console/help.hpp"
#include "repotool/audit/audit.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::AuditedPackage;
using publisher::AuditReport;
using publisher::GapKind;
using publisher::TestedBy;

struct Options {
    std::string repository;
};

const char* kind_name(GapKind kind) {
    return kind == GapKind::damage ? "damage" : "missing";
}

ordered_json text_or_null(const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(base::printable(text));
}

ordered_json to_json(const TestedBy& test) {
    return {{"check", test.check},
            {"status", test.status},
            {"counts", test.counts},
            {"evidence_sha256", test.evidence_sha256},
            {"signed_by", test.fingerprint},
            {"time", base::iso8601(test.time)},
            {"by", base::printable(fmt::format("{}@{}", test.user, test.host))},
            {"log_url", test.log_url},
            {"reason", base::printable(test.reason)}};
}

ordered_json published_json(const AuditedPackage& package) {
    if (!package.published) return nullptr;
    const publisher::Cause& cause = *package.published;
    return {{"operation", cause.operation},
            {"generation", cause.generation},
            {"time", base::iso8601(cause.time)},
            {"by", base::printable(fmt::format("{}@{}", cause.user, cause.host))},
            {"job", base::printable(cause.job)}};
}

ordered_json built_json(const AuditedPackage& package) {
    if (package.builder.empty()) return nullptr;
    return {{"builder", base::printable(package.builder)},
            {"build_type", base::printable(package.build_type)},
            {"source", text_or_null(package.source)},
            {"envelope_sha256", package.envelope_sha256}};
}

ordered_json to_json(const AuditedPackage& package) {
    ordered_json tests = ordered_json::array();
    for (const auto& test : package.tests) tests.push_back(to_json(test));
    return {{"format", package.format},
            {"dist", package.dist},
            {"component", package.component},
            {"name", package.name},
            {"version", package.version},
            {"architecture", package.architecture},
            {"sha256", package.sha256},
            {"unsigned_sha256", package.unsigned_sha256},
            {"unsigned_proof", publisher::unsigned_proof_name(package.unsigned_proof)},
            {"built", built_json(package)},
            {"tested", tests},
            {"signed_by", text_or_null(package.signed_by)},
            {"published", published_json(package)}};
}

ordered_json to_json(const AuditReport& report) {
    ordered_json generations = ordered_json::array(), packages = ordered_json::array(),
                 gaps = ordered_json::array();
    for (const auto& one : report.generations) {
        generations.push_back({{"generation", one.generation},
                               {"manifest_sha256", one.manifest_sha256},
                               {"date", base::iso8601(one.date)},
                               {"signed_by", one.signed_by}});
    }
    for (const auto& package : report.list) packages.push_back(to_json(package));
    for (const auto& gap : report.gaps) {
        gaps.push_back({{"kind", kind_name(gap.kind)},
                        {"object", base::printable(gap.object)},
                        {"problem", base::printable(gap.problem)}});
    }
    return {{"ok", report.gaps.empty()}, {"repository", report.repository}, {"generations", generations},
            {"packages", packages},      {"files", report.files},           {"gaps", gaps}};
}

std::string describe(const AuditedPackage& package) {
    std::string tests;
    for (const auto& test : package.tests)
        tests += fmt::format("{}{} ({})", tests.empty() ? "" : ", ", test.check, test.status);
    std::string line = fmt::format("{} {} ({}) in {}: built by {}; tested: {}", package.name, package.version,
                                   package.architecture, package.dist,
                                   package.builder.empty() ? "nobody knows whom" : package.builder,
                                   tests.empty() ? "nothing" : tests);
    if (package.format == "rpm")
        line += "; signed by " + (package.signed_by.empty() ? std::string("nobody") : package.signed_by);
    if (package.published)
        line += fmt::format("; {} by {}@{} in generation {}, {}", package.published->operation,
                            package.published->user, package.published->host, package.published->generation,
                            base::iso8601(package.published->time));
    return base::printable(line) + "\n";
}

std::string to_text(const AuditReport& report) {
    std::string text;
    for (const auto& package : report.list) text += describe(package);
    const std::string what = fmt::format(
        "{}: {} in {}, {} read", report.repository, base::counted(report.packages, "package"),
        base::counted(report.generations.size(), "generation"), base::counted(report.files, "file"));
    return text + fmt::format("{}: {}\n", what,
                              report.gaps.empty() ? "the chain of each is whole"
                                                  : base::counted(report.gaps.size(), "gap"));
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    const auto report = publisher::audit_repository(
        publish_context(site, global), options.repository,
        global.json || global.verbose ? publisher::ListPackages::yes : publisher::ListPackages::no);
    for (const auto& gap : report.gaps) {
        console::complain(
            "repotool", fmt::format("{}: {}", base::printable(gap.object), base::printable(gap.problem)), "");
    }
    if (global.json) {
        print(to_json(report).dump(1) + "\n");
    } else if (!global.quiet || !report.gaps.empty()) {
        print(to_text(report));
    }
    if (report.has(GapKind::damage)) return base::exit_code(base::ErrorKind::integrity);
    return report.gaps.empty() ? 0 : base::exit_code(base::ErrorKind::policy);
}

}  // namespace

void add_audit(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "audit", "prove for each file that is still served who built, tested, signed and published it");
    command->add_option("repository", options->repository, "the repository, with all of its generations")
        ->required()
        ->type_name("REPOSITORY");
    command->footer(console::footer(
        "Reads each file once and verifies each signature again, offline, by the configuration of now. Exit "
        "status 9 where something is not what was recorded or signed, 4 where something is missing that "
        "the configuration asks for (gate, require_provenance, sign). -v shows a line for each package.",
        {"repotool audit stable", "repotool -v audit stable", "repotool audit stable --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
