// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string source;
    std::string target;
    std::vector<std::string> patterns;
    PublishOptions common;
};

int run(const Options& options, const GlobalOptions& global) {
    const std::string target = checked_repository(options.target);
    PublishSession session(global, options.common, MakeSite::no);
    publisher::PublishRequest request = session.request("copy", target);
    request.sources = {options.source};
    for (const auto& text : options.patterns) {
        request.filter.push_back(publisher::parse_package_pattern(text));
        request.filter.back().dist = options.common.dist;
    }
    if (options.patterns.empty() && !options.common.dist.empty()) {
        request.filter.emplace_back();
        request.filter.back().dist = options.common.dist;
    }
    return session.finish(request);
}

}  // namespace

void add_copy(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("copy", "publish packages of one repository into another, too");
    command->add_option("source", options->source, "a repository, or repository@N")
        ->required()
        ->type_name("SOURCE");
    command->add_option("target", options->target, "the repository to change")
        ->required()
        ->type_name("TARGET");
    command
        ->add_option("pattern", options->patterns,
                     "NAME, NAME=VERSION, NAME=VERSION:ARCHITECTURE (with * and ?) or a digest; none: all")
        ->type_name("PATTERN");
    command->add_option("--dist", options->common.dist, "only from this dist");
    command->add_flag("--allow-downgrade", options->common.allow_downgrade,
                      "accept versions that are lower than what is published");
    command
        ->add_option("--keep", options->common.keep, "keep this many versions of each package that is copied")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    add_change_options(*command, options->common);
    command->footer(console::footer(
        "Packages keep their dist and component. The rules of TARGET hold; promote also demands a signature.",
        {"repotool copy stable@41 holdback", "repotool copy 7.0/proposed 7.0/updates 'libfoo*'"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->common.files, {"copy", options->target, {options->source}},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
