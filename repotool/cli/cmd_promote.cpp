// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/console/help.hpp"
#include "core/fs/external.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/publish_options.hpp"
#include "repotool/updates/move_journal.hpp"
#include "repotool/updates/ready_files.hpp"

namespace repotool::cli {
namespace {

using base::Error;
using base::ErrorKind;

struct Options {
    std::vector<std::string> arguments;  // SOURCE… TARGET
    PublishOptions common;
};

// A SOURCE is a path or a repository of this site; one that is both could mean either.
void sort_sources(OpenSite& site, const std::vector<std::string>& sources, std::vector<std::string>& paths,
                  std::vector<std::string>& repositories) {
    for (const auto& source : sources) {
        const bool path = source == "-" || fs::external_status(source, fs::FinalSymlink::keep).has_value();
        const bool repository = is_repository(site, source);
        if (path && repository) {
            throw Error(ErrorKind::usage, "promote", source, "it is both a path and a repository",
                        fmt::format("write ./{} for the path", source));
        }
        if (!path && !repository)
            throw Error(ErrorKind::usage, "promote", source, "there is no such path, and no such repository",
                        "repotool list shows the repositories");
        (path ? paths : repositories).push_back(source);
    }
}

std::vector<std::string> directories(const std::vector<std::string>& paths) {
    std::vector<std::string> found;
    std::copy_if(paths.begin(), paths.end(), std::back_inserter(found), [](const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        return status && status->kind == fs::Kind::directory;
    });
    return found;
}

// Of runs that were killed after their flip, the newest that promoted into the same repository, from nowhere
// else than these directories.
std::optional<publisher::FinishedPromote> same_promote(const std::vector<publisher::FinishedPromote>& dead,
                                                       const std::string& target,
                                                       const std::vector<std::string>& paths) {
    std::set<std::string> roots;
    for (const auto& directory : directories(paths)) roots.insert(fs::absolute_path(directory));
    std::optional<publisher::FinishedPromote> newest;
    for (const auto& each : dead) {
        const bool is_same =
            each.repository == target && std::all_of(each.roots.begin(), each.roots.end(),
                                                     [&](const auto& root) { return roots.contains(root); });
        if (is_same && (!newest || newest->generation < each.generation)) newest = each;
    }
    return newest;
}

int run(const Options& options, const GlobalOptions& global) {
    if (options.arguments.size() < 2)
        throw Error(ErrorKind::usage, "promote", options.arguments[0],
                    "give at least one SOURCE and the TARGET", "repotool promote --help shows examples");
    const std::string target = checked_repository(options.arguments.back());
    PublishSession session(global, options.common);
    publisher::PublishRequest request = session.request("promote", target);
    request.must_sign = true;
    std::vector<std::string> paths;
    sort_sources(session.site(), {options.arguments.begin(), options.arguments.end() - 1}, paths,
                 request.sources);
    publisher::Promotion promotion;
    if (request.dry_run == publisher::DryRun::no) {
        const auto context = publish_context(session.site(), global);
        const auto dead = publisher::finish_pending_moves(context.site, context.lock_timeout, context.job);
        promotion.dead = same_promote(dead, target, paths);
    }
    if (!paths.empty()) {
        publisher::InputArguments arguments{paths, {}, read_standard_input, session.upload_dist()};
        arguments.may_be_promoted = true;
        session.take_inputs(request, std::move(arguments));
        request.may_bring_nothing = true;  // all of it was promoted before
    }
    promotion.ready = publisher::list_ready(directories(paths), request.inputs, session.site().root);
    return session.finish(std::move(request), promotion);
}

}  // namespace

void add_promote(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "promote", "sign what SOURCE holds and publish it into TARGET, in one transaction");
    command
        ->add_option("arguments", options->arguments,
                     "SOURCE… TARGET: directories or files of packages and updates (.yml), repositories "
                     "(name[@N]); the last is the repository to change. What was promoted from a directory "
                     "moves to its .promoted/")
        ->required()
        ->type_name("SOURCE… TARGET");
    add_publish_options(*command, options->common);
    command->footer(
        console::footer("", {"repotool promote ready/ stable", "repotool promote test/change-1234 stable",
                             "repotool promote test/change-1@3 test/change-2 7.0/updates --dry-run"}));
    command->callback([options, &program] {
        program.run = [options, &program] {
            return with_failure_file(options->common.files,
                                     {"promote",
                                      options->arguments.back(),
                                      {options->arguments.begin(), options->arguments.end() - 1}},
                                     [&] { return run(*options, program.global); });
        };
    });
}

}  // namespace repotool::cli
