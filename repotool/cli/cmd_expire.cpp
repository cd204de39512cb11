// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/upkeep_answer.hpp"
#include "repotool/upkeep/expire.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::ExpiryOutcome;

struct Options {
    std::vector<std::string> repositories;
    std::string older_than;
    bool dry_run = false;
};

std::string to_text(const std::vector<publisher::Expiry>& found, const Options& options) {
    std::size_t expired = 0;
    std::string lines;
    for (const auto& expiry : found) {
        if (expiry.outcome == ExpiryOutcome::kept) continue;
        expired += expiry.outcome == ExpiryOutcome::expired ? 1 : 0;
        lines += fmt::format("  {} {}@{}, last changed {}\n", publisher::outcome_name(expiry.outcome),
                             expiry.repository, expiry.generation, base::iso8601(expiry.last_change));
    }
    if (expired == 0) return "nothing has expired\n" + lines;
    return fmt::format("{} {}{}\n", options.dry_run ? "would expire" : "expired",
                       expired == 1 ? "1 repository" : fmt::format("{} repositories", expired),
                       options.dry_run ? "" : "; repotool gc frees their space when the grace is over") +
           lines;
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    publisher::ExpireRequest request;
    request.repositories = options.repositories;
    if (!options.older_than.empty()) request.older_than = base::parse_duration(options.older_than);
    request.dry_run = options.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    if (!options.dry_run) site.site->prepare_for_writing();
    const auto found = publisher::expire(publish_context(site, global), request);
    ordered_json repositories = ordered_json::array();
    for (const auto& expiry : found) {
        repositories.push_back({{"repository", expiry.repository},
                                {"generation", expiry.generation},
                                {"last_change", base::iso8601(expiry.last_change)},
                                {"expires", base::iso8601(expiry.last_change + expiry.period)},
                                {"outcome", publisher::outcome_name(expiry.outcome)}});
    }
    if (global.json) {
        print(
            ordered_json{{"ok", true}, {"dry_run", options.dry_run}, {"repositories", repositories}}.dump(1) +
            "\n");
    } else if (!global.quiet) {
        print(to_text(found, options));
    }
    return 0;
}

}  // namespace

void add_expire(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("expire", "take away repositories that have not changed for long");
    command->add_option("repository", options->repositories, "only these (default: all that expire)")
        ->type_name("REPOSITORY");
    command
        ->add_option("--older-than", options->older_than,
                     "instead of the period that each has by `expire:` or --expire")
        ->type_name("TIME");
    command->add_flag("-n,--dry-run", options->dry_run, "show what would expire, and change nothing");
    command->footer(console::footer(
        "Clients find nothing there any more; its history stays, and publishing into it again goes on with "
        "the "
        "next number. repotool gc frees the space when the grace is over. A repository without an expiry "
        "goes only "
        "when it is named and --older-than is given. Frozen ones stay.",
        {"repotool expire --dry-run", "repotool expire", "repotool expire test/change-1 --older-than 0s"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
