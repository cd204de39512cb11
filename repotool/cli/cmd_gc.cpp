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
#include "repotool/upkeep/garbage.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string grace;
    bool dry_run = false;
};

struct Sums {
    std::size_t generations = 0;
    store::Tally metadata, packages, waiting;
    std::optional<base::UnixSeconds> next_due;
};

void add(store::Tally& sum, const store::Tally& more) {
    sum.files += more.files;
    sum.bytes += more.bytes;
}

Sums sum_up(const store::CollectorReport& report) {
    Sums sums;
    for (const auto& one : report.repositories) {
        sums.generations += one.retired.size();
        add(sums.metadata, one.metadata);
        add(sums.packages, one.packages);
        add(sums.waiting, one.waiting);
        if (one.next_due && (!sums.next_due || *one.next_due < *sums.next_due)) sums.next_due = one.next_due;
    }
    return sums;
}

std::uint64_t freed_bytes(const store::CollectorReport& report, const Sums& sums) {
    return sums.metadata.bytes + report.objects.bytes + report.texts.bytes;
}

ordered_json due_json(const std::optional<base::UnixSeconds>& due) {
    return due ? ordered_json(base::iso8601(*due)) : ordered_json(nullptr);
}

ordered_json to_json(const store::CollectorReport& report, const Options& options) {
    const Sums sums = sum_up(report);
    ordered_json repositories = ordered_json::array();
    for (const auto& one : report.repositories) {
        repositories.push_back({{"repository", one.repository},
                                {"generations", one.retired},
                                {"metadata", tally_json(one.metadata)},
                                {"packages", tally_json(one.packages)},
                                {"waiting", tally_json(one.waiting)},
                                {"next_due", due_json(one.next_due)}});
    }
    ordered_json problems = ordered_json::array();
    for (const auto& problem : report.problems) {
        problems.push_back({{"object", problem.object},
                            {"kind", base::kind_name(problem.kind)},
                            {"message", base::printable(problem.message)}});
    }
    return {{"ok", report.problems.empty()},         {"dry_run", options.dry_run},
            {"generations", sums.generations},       {"metadata", tally_json(sums.metadata)},
            {"packages", tally_json(sums.packages)}, {"objects", tally_json(report.objects)},
            {"texts", tally_json(report.texts)},     {"transactions", report.transactions},
            {"resumable", report.resumable},         {"waiting", tally_json(sums.waiting)},
            {"next_due", due_json(sums.next_due)},   {"freed_bytes", freed_bytes(report, sums)},
            {"repositories", repositories},          {"problems", problems}};
}

std::string to_text(const store::CollectorReport& report, const Options& options) {
    const Sums sums = sum_up(report);
    const char* verb = options.dry_run ? "would remove" : "removed";
    const auto everything = sums.generations + sums.metadata.files + sums.packages.files +
                            report.objects.files + report.texts.files +
                            static_cast<std::size_t>(report.transactions);
    const std::string texts =
        report.texts.files == 0 ? std::string() : ", " + base::counted(report.texts.files, "cached text");
    std::string text = everything == 0 ? "nothing to remove\n"
                                       : fmt::format("{} {}, {}, {}{}: {}\n", verb,
                                                     base::counted(sums.generations, "generation"),
                                                     base::counted(sums.metadata.files, "metadata file"),
                                                     base::counted(sums.packages.files, "package file"),
                                                     texts, base::human_size(freed_bytes(report, sums)));
    for (const auto& one : report.repositories) {
        if (one.retired.empty() && one.packages.files == 0) continue;
        text += fmt::format("  {}: {}, {}\n", one.repository, base::counted(one.retired.size(), "generation"),
                            tally_text(one.packages, "package file"));
    }
    if (sums.waiting.files > 0) {
        text += fmt::format("{} wait for the end of their grace, the first until {}\n",
                            tally_text(sums.waiting, "package file"), base::iso8601(*sums.next_due));
    }
    if (report.resumable > 0) {
        text += fmt::format(
            "{} that died within a day: the same command resumes it, repotool fsck --repair ends it\n",
            base::counted(static_cast<std::size_t>(report.resumable), "run"));
    }
    return text;
}

// The worst of them: damage before what another try may mend.
int exit_status(const store::CollectorReport& report) {
    int status = 0;
    for (const auto& problem : report.problems) status = std::max(status, base::exit_code(problem.kind));
    return status;
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    publisher::GarbageRequest request;
    if (!options.grace.empty()) {
        request.grace = base::parse_duration(options.grace);
        base::warn(fmt::format("a grace of {}: clients that hold older metadata will miss what this removes",
                               options.grace));
    }
    if (options.dry_run) {
        request.dry_run = publisher::DryRun::yes;
    } else {
        site.site->prepare_for_writing();
    }
    const auto result = publisher::collect_garbage(publish_context(site, global), request);
    for (const auto& problem : result.report.problems)
        console::complain("repotool", base::printable(problem.message), "");
    if (global.json) {
        print(to_json(result.report, options).dump(1) + "\n");
    } else if (!global.quiet) {
        print(to_text(result.report, options));
    }
    return exit_status(result.report);
}

}  // namespace

void add_gc(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("gc", "remove what nobody needs any more");
    command->add_flag("-n,--dry-run", options->dry_run, "show what would go, and change nothing");
    command
        ->add_option(
            "--grace", options->grace,
            "instead of both graces of the configuration; clients with older metadata will miss files")
        ->type_name("TIME");
    command->footer(console::footer(
        "Generations go when they stopped being current `metadata.grace.metadata` ago (48 h), but for the "
        "newest "
        "`metadata.keep_generations` (3) and those with a tag; packages `metadata.grace.packages` (14 d) "
        "after the "
        "last generation that had them. Publishers and readers go on meanwhile. Exit status 6 or 9 where a "
        "repository was left alone, because it was busy or is damaged.",
        {"repotool gc --dry-run", "repotool gc", "repotool gc --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
