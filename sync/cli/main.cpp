// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync: brings a generation to a fleet of mirrors and flips them as one.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
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
    fmt::print(stderr, "mirrorsync: {}\n", failure.message);
    if (!failure.hint.empty()) fmt::print(stderr, "  {}\n", failure.hint);
    return base::exit_code(failure.kind);
}

void print_document(const nlohmann::json& document) {
    fmt::print("{}\n", document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

namespace {

// A failure before any mirror was looked at.
int fail(const Failure& failure, bool json) {
    if (json)
        print_document({{"ok", false}, {"error", to_json(failure)}, {"mirrors", nlohmann::json::array()}});
    return complain(failure);
}

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

int dispatch(CLI::App& app, const Options& options, bool& json) {
    const bool is_status = app.got_subcommand("status");
    const CommonOptions& common = is_status ? options.status.common : options.run.common;
    json = common.json || options.run.common.json;
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

int run_program(int argc, char** argv) {
    bool json =
        std::any_of(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    CLI::App app("Bring the current generation to all mirrors and flip them as one transaction",
                 "mirrorsync");
    Options options;
    add_run(app, options.run);
    add_status(*app.add_subcommand("status", "what each mirror serves"), options.status);
    app.add_subcommand("version", "print the version");
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", std::string("mirrorsync ") + REPOTOOL_VERSION);
    try {
        app.parse(argc, argv);
        return dispatch(app, options, json);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        return fail({base::ErrorKind::usage, "command line",
                     fmt::format("cannot read 'command line': {}", error.what()),
                     "mirrorsync --help lists the options"},
                    json);
    } catch (const std::exception&) {
        return fail(describe_failure(std::current_exception()), json);
    }
}

}  // namespace
}  // namespace repotool::sync::cli

int main(int argc, char** argv) {
    return repotool::sync::cli::run_program(argc, argv);
}
