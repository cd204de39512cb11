// SPDX-License-Identifier: GPL-3.0-or-later
// reposign: OpenPGP signatures for package repositories, without the rest of repotool.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "signing/cli/context.hpp"

namespace {

using repotool::base::Error;
using repotool::base::ErrorKind;
using repotool::signing::cli::Context;
using repotool::signing::cli::Output;

void add_commands(CLI::App& app, Context& context) {
    namespace cli = repotool::signing::cli;
    app.set_version_flag("--version", "reposign " REPOTOOL_VERSION);
    app.add_flag_callback(
        "--json", [&context] { context.output = Output::json; }, "one JSON document on standard output");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "Nothing here ever asks a question: a key without a passphrase, an agent that knows it, or "
        "--passphrase-file.\n\n"
        "Examples:\n"
        "  reposign keys generate stable-key --site /srv/repo\n"
        "  reposign packages *.rpm --site /srv/repo\n"
        "  reposign release dists/bookworm --home ~/keys\n"
        "  reposign verify dists/bookworm --keyring acme.asc\n\n"
        "Exit status: 0 done, 2 usage, 3 broken input, 5 signing or key, 7 storage, 9 a signature is not "
        "good.\n");
    cli::add_packages(app, context);
    cli::add_release(app, context);
    cli::add_repomd(app, context);
    cli::add_verify(app, context);
    auto* keys = app.add_subcommand("keys", "make, list, export and check signing keys");
    keys->require_subcommand(1);
    keys->fallthrough();
    cli::add_keys_generate(*keys, context);
    cli::add_keys_list(*keys, context);
    cli::add_keys_export(*keys, context);
    cli::add_keys_check(*keys, context);
}

int fail(const Error& error, const Context& context) {
    const int code = repotool::base::exit_code(error.kind());
    fmt::print(stderr, "reposign: {}\n", error.what());
    if (!error.hint().empty()) fmt::print(stderr, "{}\n", error.hint());
    if (context.output == Output::json) {
        nlohmann::ordered_json document{{"ok", false},
                                        {"error",
                                         {{"code", code},
                                          {"kind", repotool::base::kind_name(error.kind())},
                                          {"retryable", repotool::base::is_retryable(error.kind())},
                                          {"object", error.object()},
                                          {"message", error.what()},
                                          {"hint", error.hint()}}}};
        document.update(context.findings);
        fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
    return code;
}

// CLI11 only says that a subcommand is missing where one was misspelt.
std::string explain(const CLI::ParseError& error, const CLI::App& app, int argument_count, char** arguments) {
    const CLI::App* level = &app;
    for (int at = 1; at < argument_count; ++at) {
        const std::string word = arguments[at];
        if (word.starts_with("-")) continue;
        std::vector<std::string> names;
        for (const auto* command : level->get_subcommands([](const CLI::App*) { return true; }))
            names.push_back(command->get_name());
        if (names.empty()) break;
        if (std::find(names.begin(), names.end(), word) == names.end()) {
            const auto meant = repotool::base::nearest(word, names);
            return fmt::format("there is no subcommand '{}'{}", word,
                               meant.empty() ? "" : fmt::format(", did you mean '{}'?", meant));
        }
        level = level->get_subcommand(word);
    }
    return error.what();
}

int run(int argument_count, char** arguments) {
    Context context;
    CLI::App app("Sign packages and repository metadata, and verify the signatures.", "reposign");
    add_commands(app, context);
    try {
        app.parse(argument_count, arguments);
        context.run();
        return 0;
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return fail(Error(ErrorKind::usage, "understand", "the command line",
                          explain(error, app, argument_count, arguments), "see: reposign --help"),
                    context);
    } catch (const Error& error) {
        return fail(error, context);
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    try {
        return run(argument_count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "reposign: %s\nthis is a bug in reposign\n", error.what());
        return repotool::base::exit_code(ErrorKind::internal);
    }
}
