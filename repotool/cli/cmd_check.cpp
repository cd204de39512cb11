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
#include "core/fs/external.hpp"
#include "repotool/cli/checks.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/policy/check_result.hpp"
#include "repotool/policy/subject.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using store::GenerationReader;

struct Options {
    std::string repository;
    bool lint = false;
    bool closure = false;
    std::string junit;  // path
    std::string key;
    console::SecretOptions secrets;
};

// Where no key signs evidence nothing can be recorded, and what was found is true all the same.
void record(OpenSite& site, const GlobalOptions& global, const Options& options,
            const GenerationReader& tested, std::vector<Check>& checks) {
    const auto context = signing_context(site, global, options.secrets);
    if (options.key.empty() && site.config.evidence_signer().empty())
        return base::info("not recorded: no key signs evidence here (evidence: {sign: …} in repotool.yaml)");
    site.site->prepare_for_writing();
    for (auto& check : checks) {
        publisher::CheckResult result;
        result.change = reference_of(tested);
        result.check = check.name;
        result.status = publisher::parse_check_status(check.findings.empty() ? "pass" : "fail");
        result.junit = junit_of(tested, {check});
        result.key = options.key;
        result.job = context.job;
        result.secrets = context.secrets;
        check.evidence = publisher::record_result(*site.site, site.config, result).path;
    }
}

std::vector<Check> run_checks(const Options& options, OpenSite& site, const GenerationReader& tested) {
    const bool all = !options.lint && !options.closure;
    std::vector<Check> checks;
    const auto timed = [&](Check (*check)(OpenSite&, const GenerationReader&)) {
        const auto began = base::monotonic_ms();
        checks.push_back(check(site, tested));
        checks.back().ms = base::monotonic_ms() - began;
    };
    if (all || options.lint) timed(lint);
    if (all || options.closure) timed(closure);
    return checks;
}

ordered_json to_json(const Check& check) {
    ordered_json findings = ordered_json::array();
    for (const auto& finding : check.findings)
        findings.push_back(
            {{"object", base::printable(finding.object)}, {"problem", base::printable(finding.problem)}});
    return {{"check", check.name},    {"status", check.findings.empty() ? "pass" : "fail"},
            {"remark", check.remark}, {"ms", check.ms},
            {"findings", findings},   {"evidence", check.evidence}};
}

void print_text(const GenerationReader& tested, const std::vector<Check>& checks) {
    for (const auto& check : checks)
        print(fmt::format("{}: {} {} ({})\n", reference_of(tested), check.name,
                          check.findings.empty() ? "passes" : "fails", check.remark));
}

int run(const Options& options, const GlobalOptions& global) {
    check_result_file(options.junit);
    OpenSite site = open_site(global);
    const GenerationReader tested = publisher::open_change(*site.filesystem, options.repository);
    auto checks = run_checks(options, site, tested);
    record(site, global, options, tested, checks);
    if (!options.junit.empty()) fs::write_external(options.junit, junit_of(tested, checks), 0644);
    bool passed = true;
    ordered_json documents = ordered_json::array();
    for (const auto& check : checks) {
        passed = passed && check.findings.empty();
        documents.push_back(to_json(check));
        for (const auto& finding : check.findings)
            std::fputs(fmt::format("repotool: {}: {}: {}\n", check.name, base::printable(finding.object),
                                   base::printable(finding.problem))
                           .c_str(),
                       stderr);
    }
    if (global.json)
        print(ordered_json{{"ok", passed},
                           {"repository", tested.manifest().repository},
                           {"generation", tested.manifest().generation},
                           {"manifest_sha256", tested.manifest_sha256()},
                           {"checks", documents}}
                  .dump(1) +
              "\n");
    else if (!global.quiet)
        print_text(tested, checks);
    return passed ? 0 : base::exit_code(base::ErrorKind::policy);
}

}  // namespace

void add_check(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "check", "run the checks that come with repotool, and record what they find as evidence");
    command
        ->add_option("repository", options->repository,
                     "repository or change, with @N for a generation (default: the current one)")
        ->required()
        ->type_name("REPOSITORY");
    command->add_flag("--lint", options->lint,
                      "all that clients read is whole, signed and fits together: verify --full");
    command->add_flag(
        "--closure", options->closure,
        "what packages need of each other is here, or in the repository of --base, in a version "
        "that will do");
    command->add_option("--junit", options->junit, "write what was found as JUnit")->type_name("FILE");
    command
        ->add_option("--key", options->key,
                     "the key of repotool.yaml that signs (default: evidence: {sign: …})")
        ->type_name("NAME");
    console::add_secret_options(*command, options->secrets);
    command->footer(console::footer(
        "Without --lint and --closure: both. Exit status 4 where one fails; gates name them 'lint' and "
        "'closure'.",
        {"repotool check change-1234", "repotool check stable@41 --closure --junit closure.xml"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
