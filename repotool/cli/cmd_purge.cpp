// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/upkeep_answer.hpp"
#include "repotool/upkeep/purge.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string package;
    std::string reason;
    bool dry_run = false;
};

std::optional<std::uint64_t> new_generation(const publisher::PurgeResult& result,
                                            const std::string& repository) {
    for (const auto& [name, generation] : result.published) {
        if (name == repository) return generation;
    }
    return std::nullopt;
}

ordered_json to_json(const publisher::PurgeResult& result, const Options& options) {
    ordered_json packages = ordered_json::array();
    for (const auto& entry : result.entries) {
        packages.push_back({{"name", entry.name},
                            {"version", entry.version},
                            {"architecture", entry.architecture},
                            {"sha256", entry.sha256}});
    }
    ordered_json repositories = ordered_json::array();
    for (const auto& one : result.repositories) {
        const auto generation = new_generation(result, one.repository);
        repositories.push_back(
            {{"repository", one.repository},
             {"generation", generation ? ordered_json(*generation) : ordered_json(nullptr)},
             {"removed_generations", one.generations},
             {"removed_tags", printable_list(one.tags)},
             {"names", tally_json(one.names)}});
    }
    return {{"ok", true},           {"dry_run", options.dry_run},   {"finished", result.finished},
            {"packages", packages}, {"repositories", repositories}, {"objects", tally_json(result.objects)}};
}

std::string join_numbers(const std::vector<std::uint64_t>& numbers) {
    return fmt::format("{}", fmt::join(numbers, ", "));
}

std::string to_text(const publisher::PurgeResult& result, const Options& options) {
    std::string text = fmt::format("{} {} from {}\n", options.dry_run ? "would purge" : "purged",
                                   base::counted(result.entries.size(), "file"),
                                   result.repositories.size() == 1
                                       ? "1 repository"
                                       : fmt::format("{} repositories", result.repositories.size()));
    for (const auto& entry : result.entries)
        text += fmt::format("  {} {} {} {}\n", entry.sha256, entry.name, entry.version, entry.architecture);
    for (const auto& one : result.repositories) {
        text += fmt::format("  {}:", one.repository);
        if (const auto generation = new_generation(result, one.repository))
            text += fmt::format(" generation {} is without it;", *generation);
        text += one.generations.empty() ? " no older generation had it"
                : options.dry_run       ? fmt::format(" in generation {}", join_numbers(one.generations))
                                        : fmt::format(" gone: generation {}", join_numbers(one.generations));
        text += one.tags.empty() ? "\n" : fmt::format(", and the tag {}\n", base::join(one.tags, ", "));
    }
    if (!result.repositories.empty() && !options.dry_run)
        text += "Mirrors have it until their next sync: mirrorsync\n";
    return text;
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto dry_run = options.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    if (!options.dry_run) site.site->prepare_for_writing();
    const auto result =
        publisher::purge(publish_context(site, global), {options.package, options.reason, dry_run});
    if (!result.finished)
        base::warn("a publish that is going on still holds a file of it: run repotool gc in a moment");
    if (global.json) {
        print(to_json(result, options).dump(1) + "\n");
    } else if (!global.quiet) {
        print(to_text(result, options));
    }
    return 0;
}

}  // namespace

void add_purge(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "purge", "take a leaked or unlawful package out of everything, now, and refuse it from then on");
    command
        ->add_option("package", options->package,
                     "NAME, NAME=VERSION, NAME=VERSION:ARCHITECTURE, or the SHA-256 of a file")
        ->required()
        ->type_name("PACKAGE|SHA256");
    command->add_option("--reason", options->reason, "why; kept for ever")->required()->type_name("TEXT");
    command->add_flag("-n,--dry-run", options->dry_run, "show what would go, and change nothing");
    command->footer(
        console::footer("Each repository that has it gets a new generation without it; older generations "
                        "that had it go, even with "
                        "a tag, and its files go whatever the grace. A frozen repository is no exception. "
                        "Interrupted, the same "
                        "command or repotool gc goes on.",
                        {"repotool purge hello=1.0-1 --reason 'holds a password'",
                         "repotool purge hello --reason 'no licence' --dry-run"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
