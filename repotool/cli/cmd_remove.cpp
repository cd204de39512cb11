// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/console/help.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string repository;
    std::vector<std::string> patterns;
    PublishOptions common;
};

int run(const Options& options, const GlobalOptions& global) {
    const std::string repository = checked_repository(options.repository);
    PublishSession session(global, options.common, MakeSite::no);
    store::open_generation(*session.site().filesystem, "public", repository);  // says so where there is none
    publisher::PublishRequest request = session.request("remove", repository);
    for (const auto& text : options.patterns) {
        request.removals.push_back(publisher::parse_package_pattern(text));
        request.removals.back().dist = options.common.dist;
        request.removals.back().component = options.common.component;
    }
    return session.finish(request);
}

}  // namespace

void add_remove(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("remove", "take packages out of a repository");
    command->add_option("repository", options->repository, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    command
        ->add_option("pattern", options->patterns,
                     "NAME, NAME=VERSION, NAME=VERSION:ARCHITECTURE (with * and ?) or a SHA-256 digest")
        ->required()
        ->type_name("PATTERN");
    command->add_option("--dist", options->common.dist, "only in this dist");
    command->add_option("--component", options->common.component, "only in this APT component");
    add_change_options(*command, options->common);
    command->footer(console::footer(
        "The files stay for the grace period, so that clients with older metadata find them; older "
        "generations still have the package (repotool purge takes it out of all of them).",
        {"repotool remove stable hello",
         "repotool remove stable 'libfoo*=1.0-1' --dist bookworm --dry-run"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->common.files,
                                     {"remove", options->repository, options->patterns},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
