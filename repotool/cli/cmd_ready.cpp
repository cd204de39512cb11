// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/fs/tree.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"
#include "repotool/publish/readying.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::ReadyUpdate;

struct Options {
    publisher::ReadyRequest request;
    bool dry_run = false;
};

ordered_json to_json(const std::vector<ReadyUpdate>& updates, const std::string& target) {
    ordered_json moved = ordered_json::array();
    ordered_json stayed = ordered_json::array();
    for (const auto& one : updates) {
        if (one.to.empty())
            stayed.push_back({{"update", one.update}, {"reason", base::printable(one.reason)}});
        else
            moved.push_back({{"update", one.update}, {"packages", one.files}});
    }
    return {{"ok", true}, {"target", target}, {"moved", moved}, {"stayed", stayed}};
}

std::string to_text(const std::vector<ReadyUpdate>& updates, const publisher::ReadyRequest& request) {
    if (updates.empty()) return fmt::format("there is no update in {}\n", request.from);
    const bool is_plan = request.dry_run == publisher::DryRun::yes;
    std::string text;
    for (const auto& one : updates) {
        if (one.to.empty()) {
            text += fmt::format("stays: {}: {}\n", one.update, base::printable(one.reason));
            continue;
        }
        text += fmt::format("{}: {}, with {}\n", is_plan ? "would move" : "moved", one.update,
                            base::counted(one.files.size(), "file"));
    }
    return text;
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    publisher::ReadyRequest request = options.request;
    request.dry_run = options.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    if (request.target.empty()) request.target = publisher::only_gated_repository(site.config);
    checked_repository(request.target);
    const auto updates =
        publisher::make_ready(publish_context(site, global), request,
                              [&](const std::string& reference) { return is_repository(site, reference); });
    if (global.json) {
        print(to_json(updates, request.target).dump(1) + "\n");
    } else if (!global.quiet) {
        print(to_text(updates, request));
    }
    return 0;
}

}  // namespace

void add_ready(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "ready", "move the updates that passed their checks, with their packages, and say why others stay");
    command->add_option("from", options->request.from, "the directory with the updates, such as updates/")
        ->required()
        ->type_name("FROM");
    command->add_option("to", options->request.to, "the directory beside it that they go to, such as ready/")
        ->required()
        ->type_name("TO");
    command
        ->add_option("--target", options->request.target,
                     "the repository that they shall go into (default: the only one that has a gate)")
        ->type_name("REPOSITORY");
    command->add_flag("--dry-run", options->dry_run, "say what would move, and change nothing");
    command->footer(console::footer(
        "", {"repotool ready updates/ ready/", "repotool ready updates/ ready/ --target stable --dry-run"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
