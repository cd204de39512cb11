// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"
#include "repotool/policy/subject.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string target;
    std::vector<std::string> sources;
    PublishOptions common;
};

// repository@N of each: evidence on the merge counts for these generations.
std::string exact_sources(OpenSite& site, const std::vector<std::string>& sources) {
    std::vector<std::string> exact;
    for (const auto& source : sources) {
        const auto name = publisher::name_of(store::open_generation(*site.filesystem, "public", source));
        exact.push_back(fmt::format("{}@{}", name.repository, name.generation));
    }
    return base::join(exact, " ");
}

int run(const Options& options, const GlobalOptions& global) {
    const std::string target = checked_repository(options.target);
    PublishSession session(global, options.common, MakeSite::no);
    // What the sources do not have goes, newer versions among it: nobody fills a published repository so.
    if (!session.site().config.repository(target).rules.replace)
        throw base::Error(base::ErrorKind::policy, "merge into", target,
                          "a merge takes out what its sources do not hold, and the rules of this repository "
                          "do not say `replace: true`",
                          fmt::format("merge into a test repository (--into test/NAME), or add packages to "
                                      "'{}' with repotool promote or copy",
                                      target));
    publisher::PublishRequest request = session.request("merge", target);
    request.sources = options.sources;
    request.meta[publisher::kSourcesMeta] = exact_sources(session.site(), options.sources);
    request.rules.is_exact = true;
    request.rules.allow_downgrade = true;  // it shows what its sources hold, whatever it showed before
    return session.finish(request);
}

}  // namespace

void add_merge(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("merge", "make a repository that holds what several others hold together");
    command->add_option("--into", options->target, "the repository to make or to fill anew")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("source", options->sources, "repositories, or repository@N")
        ->required()
        ->type_name("SOURCE");
    command
        ->add_option("--expire", options->common.expire,
                     "repotool expire takes the repository this long after its last change")
        ->type_name("DURATION");
    add_change_options(*command, options->common);
    command->footer(console::footer(
        "Afterwards the repository holds the packages of its sources and no others: for a gate that tests "
        "several changes at once. Its rules must say `replace: true`, as those of test/* do. Two sources "
        "with the same name and version but other content are refused.",
        {"repotool merge --into test/gate-7 test/change-1 test/change-2",
         "repotool merge --into test/gate-8 stable test/change-3@2"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->common.files, {"merge", options->target, options->sources},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
