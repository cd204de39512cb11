// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/fs/host.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/recovery.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string repository;
    std::string reason;
};
enum class Verb { freeze, thaw };

int answer_freeze(OpenSite& site, const std::string& repository, bool changed, const GlobalOptions& global) {
    const auto found = store::frozen(*site.filesystem, repository);
    ordered_json document{
        {"ok", true}, {"repository", repository}, {"changed", changed}, {"frozen", nullptr}};
    std::string text = fmt::format("{} {}\n", repository, changed ? "takes changes again" : "is not frozen");
    if (found) {
        document["frozen"] = {{"by", base::printable(found->by)},
                              {"since", base::iso8601(found->since)},
                              {"reason", base::printable(found->reason)}};
        text = fmt::format("{} {} frozen by {} since {}: {}\n", repository, changed ? "is" : "is already",
                           base::printable(found->by), base::iso8601(found->since),
                           base::printable(found->reason));
    }
    if (global.json) {
        print(document.dump(1) + "\n");
    } else if (!global.quiet) {
        print(text);
    }
    return 0;
}

int run(Verb verb, const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const std::string repository =
        store::open_generation(*site.filesystem, "public", options.repository).manifest().repository;
    site.site->prepare_for_writing();
    const auto context = publish_context(site, global);
    const auto lock = site.site->lock_repository(repository, context.lock_timeout, context.job);
    store::recover(*site.site, repository);
    const store::Freeze freeze{options.reason, fmt::format("{}@{}", fs::user_name(), fs::host_name()),
                               site.site->clock().real_now()};
    const bool changed = verb == Verb::freeze ? store::freeze(*site.site, repository, freeze, context.job)
                                              : store::thaw(*site.site, repository, context.job);
    return answer_freeze(site, repository, changed, global);
}

CLI::App* add(CLI::App& app, Program& program, Verb verb, const char* name, const char* description,
              const std::shared_ptr<Options>& options) {
    auto* command = app.add_subcommand(name, description);
    command->add_option("repository", options->repository, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    command->callback([verb, options, &program] {
        program.run = [verb, options, &program] { return run(verb, *options, program.global); };
    });
    return command;
}

}  // namespace

void add_freeze(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = add(app, program, Verb::freeze, "freeze",
                        "let a repository refuse changes, until it is thawed", options);
    command->add_option("--reason", options->reason, "why, for those who are refused")->type_name("TEXT");
    command->footer(
        console::footer("Publishing, promoting, removing and rolling back end with exit status 4 and say who "
                        "froze it and why; "
                        "purge goes through.",
                        {"repotool freeze stable --reason 'release week'", "repotool thaw stable"}));
}

void add_thaw(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    add(app, program, Verb::thaw, "thaw", "let a frozen repository take changes again", options)
        ->footer(console::footer("", {"repotool thaw stable"}));
}

}  // namespace repotool::cli
