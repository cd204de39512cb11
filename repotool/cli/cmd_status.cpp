// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/upkeep_answer.hpp"
#include "repotool/upkeep/status.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::RepositoryStatus;
using publisher::SiteStatus;

struct Options {
    std::vector<std::string> repositories;
    std::string max_age;
};

ordered_json time_json(const std::optional<base::UnixSeconds>& time) {
    return time ? ordered_json(base::iso8601(*time)) : ordered_json(nullptr);
}

ordered_json repository_json(const RepositoryStatus& one) {
    ordered_json signer = nullptr;
    if (one.signer) {
        signer = {{"fingerprint", one.signer->fingerprint},
                  {"good", one.signer->good},
                  {"reason", base::printable(one.signer->reason)},
                  {"expires", time_json(one.signer->expires)}};
    }
    ordered_json frozen = nullptr;
    if (one.frozen) {
        frozen = {{"by", base::printable(one.frozen->by)},
                  {"since", base::iso8601(one.frozen->since)},
                  {"reason", base::printable(one.frozen->reason)}};
    }
    ordered_json problems = ordered_json::array();
    for (const auto& problem : one.problems) problems.push_back(base::printable(problem.text));
    return {{"repository", one.repository},
            {"generation", one.generation},
            {"date", base::iso8601(one.date)},
            {"age_seconds", one.age},
            {"packages", one.packages},
            {"signed", one.is_signed},
            {"signer", signer},
            {"valid_until", time_json(one.valid_until)},
            {"frozen", frozen},
            {"tags", one.tags},
            {"publisher", one.publisher ? ordered_json(*one.publisher) : ordered_json(nullptr)},
            {"problems", problems}};
}

// The worst of them: damage before age.
int exit_status(const SiteStatus& status) {
    int code = 0;
    for (const auto& one : status.repositories) {
        for (const auto& problem : one.problems) code = std::max(code, base::exit_code(problem.kind));
    }
    return code;
}

ordered_json to_json(const SiteStatus& status) {
    ordered_json repositories = ordered_json::array();
    for (const auto& one : status.repositories) repositories.push_back(repository_json(one));
    ordered_json transactions = nullptr;
    if (status.transactions)
        transactions = {{"living", status.transactions->living},
                        {"dead", status.transactions->dead},
                        {"resumable", status.transactions->resumable}};
    return {{"ok", exit_status(status) == 0},
            {"now", base::iso8601(status.now)},
            {"repositories", repositories},
            {"transactions", transactions},
            {"free_bytes", status.free_bytes}};
}

std::string repository_text(const RepositoryStatus& one) {
    std::string text = fmt::format("{}@{}  {} old, {}", one.repository, one.generation, age_text(one.age),
                                   base::counted(one.packages, "package"));
    if (one.signer)
        text += fmt::format(", signed by {}", one.signer->fingerprint);
    else
        text += one.is_signed ? ", signed" : ", not signed";
    if (one.signer && one.signer->expires)
        text += fmt::format(" (until {})", base::iso8601(*one.signer->expires));
    if (one.valid_until) text += fmt::format(", valid until {}", base::iso8601(*one.valid_until));
    text += "\n";
    if (one.frozen) {
        text += fmt::format("  frozen by {} since {}: {}\n", base::printable(one.frozen->by),
                            base::iso8601(one.frozen->since), base::printable(one.frozen->reason));
    }
    if (one.publisher) text += fmt::format("  lock {}\n", *one.publisher);
    for (const auto& problem : one.problems)
        text += fmt::format("  PROBLEM: {}\n", base::printable(problem.text));
    return text;
}

std::string to_text(const SiteStatus& status) {
    const auto bad = std::count_if(status.repositories.begin(), status.repositories.end(),
                                   [](const auto& one) { return !one.problems.empty(); });
    const auto all = status.repositories.size();
    const std::string count = all == 1 ? "1 repository" : fmt::format("{} repositories", all);
    std::string text = bad == 0 ? fmt::format("{}: all is well\n", count)
                                : fmt::format("{}: {} with a problem\n", count, bad);
    for (const auto& one : status.repositories) text += repository_text(one);
    if (status.transactions && status.transactions->living + status.transactions->dead > 0) {
        text +=
            fmt::format("{} going on, {} to be recovered by the next command that writes\n",
                        base::counted(status.transactions->living, "transaction"), status.transactions->dead);
    }
    if (status.transactions && status.transactions->resumable > 0) {
        text += fmt::format("{} that died: the same command goes on where it ended\n",
                            base::counted(status.transactions->resumable, "run"));
    }
    return text + fmt::format("{} free\n", base::human_size(status.free_bytes));
}

int run(const Options& options, const GlobalOptions& global) {
    std::optional<std::int64_t> max_age;
    if (!options.max_age.empty()) max_age = base::parse_duration(options.max_age);
    OpenSite site = open_site(global);
    const auto status = publisher::site_status(site, options.repositories, max_age);
    const int code = exit_status(status);
    if (global.json) {
        print(to_json(status).dump(1) + "\n");
    } else if (!global.quiet || code != 0) {
        print(to_text(status));
    }
    return code;
}

}  // namespace

void add_status(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("status", "how old, by whom signed and how long valid each repository is");
    command->add_option("repository", options->repositories, "only these (default: all)")
        ->type_name("REPOSITORY");
    command->add_option("--max-age", options->max_age, "a repository that is older is a problem")
        ->type_name("TIME");
    command->footer(console::footer(
        "Also who publishes now, and what a killed publisher left. Exit status 4 where a repository is too "
        "old "
        "or its Valid-Until is over, 9 where it is damaged or its signature is not good.",
        {"repotool status", "repotool status stable --max-age 1h", "repotool status --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
