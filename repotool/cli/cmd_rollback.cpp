// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/result_files.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string repository;
    std::uint64_t to = 0;
    ResultFiles files;
    console::SecretOptions secrets;
    std::vector<std::string> meta;
    bool dry_run = false;
    bool allow_release_info_change = false;
};

int run(const Options& options, const GlobalOptions& global) {
    check_result_files(options.files);
    if (!options.dry_run) forget_earlier_results(options.files);
    OpenSite site = open_site(global);
    site.site->prepare_for_writing();
    const auto dry_run = options.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    const auto result = publisher::rollback(signing_context(site, global, options.secrets),
                                            {options.repository, options.to, dry_run,
                                             options.allow_release_info_change, parse_meta(options.meta)});
    const int status =
        options.dry_run ? 0 : write_result_files(options.files, result, site, "rollback", std::nullopt);
    answer(result, site.config, global, dry_run);
    return status;
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
    command->add_option("--env-file", options->files.env, "write KEY='VALUE' lines for the next job")
        ->type_name("FILE");
    command->add_option("--junit", options->files.junit, "write what was done, or what failed, as JUnit")
        ->type_name("FILE");
    console::add_secret_options(*command, options->secrets);
    command->add_option("--meta", options->meta, "KEY=VALUE to keep in the history")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command->add_flag(
        "--allow-release-info-change", options->allow_release_info_change,
        "go back although every apt client will ask its user to accept a new Origin, Label or Codename");
    command->add_flag("-n,--dry-run", options->dry_run, "show what would change, and change nothing");
    command->footer(
        console::footer("Clients follow, because the new generation is newer; apt ignores an older one.",
                        {"repotool rollback stable", "repotool rollback stable --to 41"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->files, {"rollback", options->repository, {}},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
