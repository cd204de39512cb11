// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <iterator>
#include <memory>

#include "core/base/error.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"
#include "repotool/ingest/inputs.hpp"

namespace repotool::cli {
namespace {

using base::Error;
using base::ErrorKind;

struct Options {
    std::string change;
    std::string repository;
    std::vector<std::string> inputs;
    PublishOptions common;
};

std::string target_of(const Options& options) {
    if (options.change.empty() == options.repository.empty()) {
        throw Error(ErrorKind::usage, "publish", options.change.empty() ? "packages" : options.change,
                    "give either --test CHANGE or --to REPOSITORY", "repotool publish --help shows examples");
    }
    return options.change.empty() ? options.repository : "test/" + options.change;
}

int run(const Options& options, const GlobalOptions& global) {
    const std::string repository = checked_repository(target_of(options));
    PublishSession session(global, options.common);
    publisher::PublishRequest request = session.request("publish", repository);
    session.take_inputs(request, {options.inputs, session.site().config.inputs, read_standard_input,
                                  session.upload_dist(), !options.common.repodata.empty()});
    return session.finish(request);
}

}  // namespace

void add_publish(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "publish", "publish packages into a test repository (--test) or another one (--to)");
    command->add_option("--test", options->change, "build or update the test repository test/CHANGE")
        ->type_name("CHANGE");
    command->add_option("--to", options->repository, "publish straight into this repository")
        ->type_name("REPOSITORY");
    command
        ->add_option(
            "input", options->inputs,
            "packages, updates (.yml), directories of these, or - for a list of paths on standard input "
            "(default: what `inputs:` says, in the current directory)")
        ->type_name("INPUT");
    add_publish_options(*command, options->common);
    command->footer(
        console::footer("", {"repotool publish --test change-1234 out/*.deb out/*.rpm",
                             "repotool publish --test change-1234 --env-file repo.env build/",
                             "find out -name '*.rpm' | repotool publish --to updates --rpm-dist el9 -"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(
                options->common.files,
                {"publish", options->change.empty() ? options->repository : "test/" + options->change,
                 options->inputs},
                [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
