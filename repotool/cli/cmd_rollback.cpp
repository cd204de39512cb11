// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string repository;
    std::uint64_t to = 0;
    std::string env_file;
    std::vector<std::string> meta;
    bool dry_run = false;
};

int run(const Options& options, const GlobalOptions& global) {
    check_result_file(options.env_file);
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    const auto dry_run = options.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    const auto result = publisher::rollback(publish_context(site, global), options.repository, options.to,
                                            dry_run, parse_meta(options.meta));
    return answer(result, site.config, global, options.env_file, dry_run);
}

}  // namespace

void add_rollback(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("rollback", "make a new generation with the content of an older one");
    command->add_option("repository", options->repository, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    command
        ->add_option("--to", options->to,
                     "the generation to go back to (default: the one before the current)")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command->add_option("--env-file", options->env_file, "write KEY='VALUE' lines for the next job")
        ->type_name("FILE");
    command->add_option("--meta", options->meta, "KEY=VALUE to keep in the history")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command->add_flag("-n,--dry-run", options->dry_run, "show what would change, and change nothing");
    command->footer(
        "Clients follow, because the new generation is newer; apt ignores an older one.\n\nExamples:\n  "
        "repotool rollback stable\n  repotool rollback stable --to 41");
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
