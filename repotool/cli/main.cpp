// SPDX-License-Identifier: GPL-3.0-or-later
// repotool: publishes package repositories. What the commands are, in which order and group help shows them.
#include <fmt/format.h>

#include <array>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/console/help.hpp"
#include "core/console/main.hpp"
#include "core/console/progress.hpp"
#include "core/console/usage.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

struct Group {
    const char* name;
    std::vector<void (*)(CLI::App&, Program&)> commands;
};

const std::array<Group, 4>& groups() {
    static const std::array<Group, 4> kGroups{
        {{"Publish", {add_publish, add_promote, add_remove, add_copy, add_merge, add_refresh, add_rollback}},
         {"Test", {add_check, add_result, add_gate, add_ready, add_outstanding}},
         {"Inspect",
          {add_list, add_show, add_diff, add_history, add_why, add_verify, add_audit, add_client, add_config,
           add_version}},
         {"Look after",
          {add_status, add_du, add_fsck, add_tag, add_freeze, add_thaw, add_gc, add_expire, add_purge,
           add_init, add_completion}}}};
    return kGroups;
}

void add_global_options(CLI::App& app, GlobalOptions& global) {
    app.add_option(
           "--site", global.site,
           "the site (default: $REPOTOOL_SITE, the nearest directory above with a repotool.yaml, ./site)")
        ->type_name("DIR");
    app.add_flag("--json", global.json, "one JSON document on standard output");
    app.add_flag("-q,--quiet", global.quiet, "only errors and warnings");
    app.add_flag("-v,--verbose", global.verbose, "more talk on standard error");
    app.add_option("--progress", global.progress,
                   "steps on standard error: auto, tty, plain, json or none (default: auto)")
        ->type_name("MODE")
        ->check(console::one_of({"auto", "tty", "plain", "json", "none"}));
    app.add_option("--log-file", global.log_file, "append every message to this file, one line of JSON each")
        ->type_name("FILE");
    app.add_option("--lock-timeout", global.lock_timeout,
                   "how long to wait for another publisher of the same repository (default: 10m)")
        ->type_name("TIME");
    app.set_version_flag("--version", fmt::format("repotool {}", REPOTOOL_VERSION), "show the version");
}

void add_commands(CLI::App& app, Program& program) {
    for (const auto& group : groups()) {
        for (const auto add : group.commands) {
            add(app, program);
            app.get_subcommands([](const CLI::App*) { return true; }).back()->group(group.name);
        }
    }
}

void begin(const GlobalOptions& global) {
    if (global.quiet || global.verbose)
        base::set_verbosity(global.quiet ? base::Verbosity::quiet : base::Verbosity::verbose);
    console::show_progress(console::parse_progress(global.progress));
    base::parse_duration(global.lock_timeout);  // a mistake shows always, not only where somebody must wait
    if (!global.log_file.empty()) console::open_log_file(global.log_file);
}

}  // namespace
}  // namespace repotool::cli

int main(int argc, char** argv) {
    using namespace repotool;
    cli::Program program;
    CLI::App app(
        "Publish RPM and APT repositories: built packages go in, a repository that changes by one atomic "
        "flip "
        "comes out.",
        "repotool");
    app.require_subcommand(1);
    app.fallthrough();
    console::use_help_layout(app);
    program.global.arguments.assign(argv + 1, argv + argc);
    cli::add_global_options(app, program.global);
    cli::add_commands(app, program);
    app.footer(
        console::footer("Exit status: 0 done or nothing to do, 1 bug, 2 usage or configuration, 3 input "
                        "refused, 4 policy, 5 key, 6 "
                        "conflict (try again), 7 storage, 8 network (try again), 9 integrity, 128+n signal "
                        "n. Nothing is ever "
                        "half-published.",
                        {"repotool publish --test change-1234 out/*.deb out/*.rpm",
                         "repotool promote ready/ stable", "repotool list", "repotool verify stable"}));
    const console::Command command{
        "repotool", [&] { return program.run(); }, [&] { cli::begin(program.global); }, {}};
    return console::run(app, command, argc, argv);
}
