// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/console/help.hpp"
#include "core/console/usage.hpp"
#include "core/fs/external.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/policy/check_result.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::Evidence;

constexpr std::uint64_t kLargestReport = std::uint64_t{16} << 20U;  // bytes

struct Options {
    publisher::CheckResult result;
    std::string status;
    std::string junit;  // path
    console::SecretOptions secrets;
};

ordered_json to_json(const publisher::StoredEvidence& stored) {
    const Evidence& evidence = stored.evidence;
    return {{"ok", true},
            {"repository", evidence.subject.repository},
            {"generation", evidence.subject.generation},
            {"manifest_sha256", evidence.subject.manifest_sha256},
            {"check", evidence.check},
            {"status", publisher::evidence_status_name(evidence.status)},
            {"dist", evidence.dist},
            {"time", base::iso8601(evidence.time)},
            {"packages", evidence.packages.size()},
            {"evidence", stored.path},
            {"evidence_sha256", stored.sha256}};
}

int run(const Options& options, const GlobalOptions& global) {
    publisher::CheckResult result = options.result;
    result.status = publisher::parse_check_status(options.status);
    if (!options.junit.empty()) result.junit = fs::read_external(options.junit, kLargestReport);
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    const auto context = signing_context(site, global, options.secrets);
    result.job = context.job;
    result.secrets = context.secrets;
    const auto stored = publisher::record_result(*site.site, site.config, result);
    const Evidence& evidence = stored.evidence;
    if (global.json) {
        print(to_json(stored).dump(1) + "\n");
    } else if (!global.quiet) {
        print(fmt::format(
            "{}@{}: check '{}' {}{}, recorded for {}\n  {}/{}\n", evidence.subject.repository,
            evidence.subject.generation, evidence.check, publisher::evidence_status_name(evidence.status),
            evidence.dist.empty() ? "" : " in " + evidence.dist,
            base::counted(evidence.packages.size(), "package"), site.filesystem->root(), stored.path));
    }
    return 0;
}

}  // namespace

void add_result(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "result", "record what a check found, signed, for the exact generation that was tested");
    command
        ->add_option("change", options->result.change,
                     "change (its test repository) or repository, with @N for the generation that was tested "
                     "(REPOTOOL_GENERATION of --env-file; default: the current one)")
        ->required()
        ->type_name("CHANGE");
    command->add_option("--check", options->result.check, "name of the check, as gates name it")
        ->required()
        ->type_name("NAME");
    command->add_option("--status", options->status, "pass, fail or skip")
        ->required()
        ->type_name("STATUS")
        ->check(console::one_of({"pass", "fail", "skip"}));
    command->add_option("--dist", options->result.dist, "the dist that was tested (default: all)")
        ->type_name("DIST");
    command->add_option("--junit", options->junit, "the report, kept beside the record (16 MiB at most)")
        ->type_name("FILE");
    command->add_option("--log-url", options->result.log_url, "where the log is, one click from a refusal")
        ->type_name("URL");
    command
        ->add_option("--key", options->result.key,
                     "the key of repotool.yaml that signs (default: evidence: {sign: …})")
        ->type_name("NAME");
    console::add_secret_options(*command, options->secrets);
    command->footer(console::footer(
        "A record names the generation by the digest of its manifest, and each package by its own; it is "
        "added, never changed.",
        {"repotool result change-1234@3 --check install --status pass --log-url \"$BUILD_URL\"",
         "repotool result change-1234 --check systest --status fail --dist el9 --junit report.xml"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
