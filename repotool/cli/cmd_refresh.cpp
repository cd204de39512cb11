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
    PublishOptions common;
};

int run(const Options& options, const GlobalOptions& global) {
    const std::string repository = checked_repository(options.repository);
    PublishSession session(global, options.common, MakeSite::no);
    store::open_generation(*session.site().filesystem, "public", repository);  // says so where there is none
    publisher::PublishRequest request = session.request("refresh", repository);
    request.rules.is_refresh = true;
    return session.finish(request);
}

}  // namespace

void add_refresh(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("refresh", "publish the same packages again, with today's date, settings and key");
    command->add_option("repository", options->repository, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    add_change_options(*command, options->common);
    command->footer(console::footer(
        "Run it by a timer where `valid_until:` is set, and after settings or the signing key changed.",
        {"repotool refresh stable", "repotool refresh stable --dry-run"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->common.files, {"refresh", options->repository, {}},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
