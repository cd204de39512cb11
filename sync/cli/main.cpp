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
                   "SOURCE: a site or its public tree (default: the nearest site); TARGETs: directories")
        ->type_name("[SOURCE] TARGET...");
    app.add_option("--site", options.site, "the site that is SOURCE")->type_name("DIR");
    app.add_flag("--json", options.json, "one JSON document on standard output");
    app.add_flag("--quiet,-q", options.quiet, "say nothing but errors");
    app.add_flag("--verbose,-v", options.verbose, "say more");
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

struct Options {
    RunOptions run;
    StatusOptions status;
};

int dispatch(CLI::App& app, const Options& options) {
    const bool is_status = app.got_subcommand("status");
    const CommonOptions& common = is_status ? options.status.common : options.run.common;
    set_verbosity(common);
    if (app.got_subcommand("version")) {
        fmt::print("mirrorsync {}\n", REPOTOOL_VERSION);
        return 0;
    }
    if (is_status && !options.run.common.places.empty()) {
        throw base::Error(base::ErrorKind::usage, "read", "command line", "'status' must be the first word",
                          "for a directory of that name write ./status");
    }
    return is_status ? status(options.status) : run(options.run);
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
    cli::add_status(*app.add_subcommand("status", "what each mirror serves"), options.status);
    app.add_subcommand("version", "of this program");
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", std::string("mirrorsync ") + REPOTOOL_VERSION, "show the version");
    app.footer(console::footer(
        "Exit status: 0 all mirrors serve it, 2 usage, 6 conflict (try again), 7 storage, 8 a "
        "mirror (try again), 9 integrity; nothing flipped but with 0.",
        {"mirrorsync site /srv/mirror1 /srv/mirror2", "mirrorsync status site /srv/mirror1",
         "mirrorsync --repository test/change-1 site /srv/mirror1"}));
    const auto no_mirrors = [] {
        return nlohmann::ordered_json{{"mirrors", nlohmann::ordered_json::array()}};
    };
    return console::run(app, {"mirrorsync", [&] { return cli::dispatch(app, options); }, {}, no_mirrors},
                        argc, argv);
}
