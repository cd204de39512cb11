// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync: brings a generation to a fleet of mirrors and flips them as one.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/console/help.hpp"
#include "core/console/main.hpp"
#include "sync/cli/commands.hpp"

namespace repotool::sync::cli {

void add_common(CLI::App& app, CommonOptions& options) {
    app.add_option("places", options.places,
                   "SOURCE: a site, its public tree, or any directory (default: the nearest site); TARGETs: "
                   "directories, ssh://user@host/dir, rsync://host/module/dir, exec:COMMAND. "
                   "Without any TARGET: the mirrors of mirrors.yaml")
        ->type_name("[SOURCE] TARGET...");
    app.add_option("--site", options.site, "the site that is SOURCE")->type_name("DIR");
    app.add_option("--config", options.config, "the fleet (default: the mirrors.yaml in the site)")
        ->type_name("FILE");
    app.add_option("--repository", options.repositories,
                   "this repository (repeatable; default: all but test/…, which are not mirrored unless they "
                   "are named here)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_flag("--json", options.json, "one JSON document on standard output");
    app.add_flag("--quiet,-q", options.quiet, "say nothing but errors");
    app.add_flag("--verbose,-v", options.verbose, "say more");
}

void add_changing(CLI::App& app, CommonOptions& options) {
    app.add_option("--base-url", options.base_urls,
                   "address of a target, for its mirrorlist files (repeatable)")
        ->type_name("TARGET=URL")
        ->allow_extra_args(false);
    app.add_option("--keyring", options.keyring, "public keys, one of which must have signed MANIFEST")
        ->type_name("FILE");
    app.add_option("--lock-timeout", options.lock_timeout, "how long to wait for another run (default: 10m)")
        ->type_name("TIME");
    app.add_option("--max-delete", options.max_delete,
                   "how many packages may leave a mirror (default: half of them, and 100 in any case)")
        ->type_name("N");
}

int complain(const Failure& failure) {
    console::complain("mirrorsync", failure.message, failure.hint);
    return base::exit_code(failure.kind);
}

void print_document(const nlohmann::json& document) {
    fmt::print("{}\n", document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

namespace {

void set_verbosity(const CommonOptions& options) {
    using base::Verbosity;
    base::set_verbosity(options.quiet     ? Verbosity::quiet
                        : options.verbose ? Verbosity::verbose
                                          : Verbosity::normal);
}

struct Subcommand {
    const char* name;
    const char* description;
    void (*add)(CLI::App&, CommonOptions&);
    int (*run)(const CommonOptions&);
    CommonOptions options{};
};

struct Options {
    RunOptions run;
    ServeOptions serve;
    std::vector<Subcommand> subcommands{
        {"plan", "what a run would bring to each mirror", add_plan, cli::plan},
        {"status", "what each mirror serves", add_status, cli::status},
        {"verify", "read every file that the mirrors serve, on the mirrors", add_verify, cli::verify},
        {"resume", "finish or take back what an interrupted run left", add_resume, cli::resume},
        {"abort", "take back what an interrupted run left undecided", add_abort, cli::abort},
        {"retire", "remove from the mirrors what no client can be asking for", add_retire, cli::retire},
    };
};

int dispatch(CLI::App& app, const Options& options) {
    if (app.got_subcommand("version")) {
        fmt::print("mirrorsync {}\n", REPOTOOL_VERSION);
        return 0;
    }
    if (app.got_subcommand("serve")) return serve(options.serve);
    for (const auto& subcommand : options.subcommands) {
        if (!app.got_subcommand(subcommand.name)) continue;
        set_verbosity(subcommand.options);
        if (!options.run.common.places.empty()) {
            throw base::Error(base::ErrorKind::usage, "read", "command line",
                              fmt::format("'{}' must be the first word", subcommand.name),
                              fmt::format("for a directory of that name write ./{}", subcommand.name));
        }
        return subcommand.run(subcommand.options);
    }
    set_verbosity(options.run.common);
    return run(options.run);
}

}  // namespace
}  // namespace repotool::sync::cli

int main(int argc, char** argv) {
    using namespace repotool;
    namespace cli = sync::cli;
    CLI::App app("Bring the current generation to all mirrors and flip them as one transaction.",
                 "mirrorsync");
    cli::Options options;
    console::use_help_layout(app);
    cli::add_run(app, options.run);
    for (auto& subcommand : options.subcommands)
        subcommand.add(*app.add_subcommand(subcommand.name, subcommand.description), subcommand.options);
    cli::add_serve(*app.add_subcommand("serve", "the agent on a mirror, for an SSH forced command"),
                   options.serve);
    app.add_subcommand("version", "of this program");
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", std::string("mirrorsync ") + REPOTOOL_VERSION, "show the version");
    app.footer(console::footer(
        "Exit status: 0 all mirrors serve it, 2 usage, 4 too many packages would leave, or a Release file is "
        "over, 5 the key of MANIFEST has expired, 6 conflict "
        "(try again), 7 storage, 8 a mirror (try again), 9 integrity, 10 the fleet serves it and an optional "
        "mirror does "
        "not; nothing flipped but with 0, 10, and 8 where it says that it is committed.",
        {"mirrorsync site /srv/mirror1 /srv/mirror2", "mirrorsync --config mirrors.yaml",
         "mirrorsync status site /srv/mirror1", "mirrorsync --repository test/change-1 site /srv/mirror1"}));
    const auto no_mirrors = [] {
        return nlohmann::ordered_json{{"mirrors", nlohmann::ordered_json::array()}};
    };
    return console::run(app, {"mirrorsync", [&] { return cli::dispatch(app, options); }, {}, no_mirrors},
                        argc, argv);
}
