// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/console/help.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/names.hpp"
#include "core/store/recovery.hpp"
#include "core/store/tags.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::ordered_json;

struct Options {
    std::string reference;
    std::string name;
    bool remove = false;
};

// Every tag of the repository, and which of them this run changed.
int answer_tags(OpenSite& site, const GlobalOptions& global, const std::string& repository, bool changed,
                const std::string& first_line) {
    ordered_json list = ordered_json::array();
    std::string text = first_line;
    for (const auto& [name, generation] : store::list_tags(*site.filesystem, "public", repository)) {
        list.push_back({{"tag", name}, {"generation", generation}});
        if (first_line.empty()) text += fmt::format("{}@{}  generation {}\n", repository, name, generation);
    }
    if (text.empty()) text = fmt::format("{} has no tags\n", repository);
    if (global.json) {
        print(
            ordered_json{{"ok", true}, {"repository", repository}, {"changed", changed}, {"tags", list}}.dump(
                1) +
            "\n");
    } else if (!global.quiet) {
        print(text);
    }
    return 0;
}

int remove_tag(OpenSite& site, const Options& options, const GlobalOptions& global) {
    const auto reference = store::parse_reference(options.reference);
    if (reference.tag.empty() || !options.name.empty())
        throw Error(ErrorKind::usage, "delete tag", options.reference, "expected REPOSITORY@NAME",
                    "repotool tag --delete stable@7.0-GA");
    store::open_generation(*site.filesystem, "public", options.reference);  // says so where there is none
    const auto context = publish_context(site, global);
    const auto lock = site.site->lock_repository(reference.repository, context.lock_timeout, context.job);
    const auto generation = store::delete_tag(*site.site, reference.repository, reference.tag, context.job);
    return answer_tags(site, global, reference.repository, generation.has_value(),
                       fmt::format("{} is no tag any more{}\n", options.reference,
                                   generation ? fmt::format("; it named generation {}", *generation) : ""));
}

int make_tag(OpenSite& site, const Options& options, const GlobalOptions& global) {
    store::check_tag_name(options.name);
    const std::string repository = store::parse_reference(options.reference).repository;
    const auto context = publish_context(site, global);
    const auto lock = site.site->lock_repository(repository, context.lock_timeout, context.job);
    store::recover(*site.site, repository);
    const auto generation =
        store::open_generation(*site.filesystem, "public", options.reference).manifest().generation;
    const bool changed = store::add_tag(*site.site, repository, generation, options.name, context.job);
    return answer_tags(site, global, repository, changed,
                       fmt::format("{}@{} {} generation {}\n  {}/gen/{}/{}/\n", repository, options.name,
                                   changed ? "names" : "already names", generation, site.config.base_url,
                                   repository, options.name));
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    if (options.name.empty() && !options.remove) {
        const auto reader = store::open_generation(*site.filesystem, "public", options.reference);
        return answer_tags(site, global, reader.manifest().repository, false, "");
    }
    site.site->prepare_for_writing();
    return options.remove ? remove_tag(site, options, global) : make_tag(site, options, global);
}

}  // namespace

void add_tag(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("tag", "name a generation, so that gc keeps it; without a name, list");
    command
        ->add_option("repository", options->reference,
                     "repository (its current generation) or repository@N; with --delete repository@NAME")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("name", options->name, "the tag, such as 7.0-GA")->type_name("NAME");
    command->add_flag("--delete", options->remove, "take the tag away");
    command->footer(console::footer(
        "REPOSITORY@NAME is then taken wherever REPOSITORY@N is. gen/REPOSITORY/NAME/ is an address for apt "
        "that stays, "
        "gen/REPOSITORY/NAME/pin/DIST/ARCHITECTURE/ one for dnf and zypper. A tag that names another "
        "generation is "
        "never moved (exit status 4).",
        {"repotool tag stable@41 7.0-GA", "repotool tag stable", "repotool tag --delete stable@7.0-GA"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
