// SPDX-License-Identifier: GPL-3.0-or-later
// reposign: OpenPGP signatures for package repositories, without the rest of repotool.
#include "core/console/main.hpp"
#include "core/console/help.hpp"
#include "signing/cli/context.hpp"

namespace {

using repotool::signing::cli::Context;
using repotool::signing::cli::Output;

void add_commands(CLI::App& app, Context& context) {
    namespace cli = repotool::signing::cli;
    app.set_version_flag("--version", "reposign " REPOTOOL_VERSION, "show the version");
    app.add_flag_callback(
        "--json", [&context] { context.output = Output::json; }, "one JSON document on standard output");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(repotool::console::footer(
        "Nothing here ever asks a question: a key without a passphrase, an agent that knows it, or "
        "--passphrase-file. Exit status: 0 done, 2 usage, 3 broken input, 5 signing or key, 7 storage, 9 a "
        "signature is not good.",
        {"reposign keys generate stable-key --site /srv/repo", "reposign packages *.rpm --site /srv/repo",
         "reposign release dists/bookworm --home ~/keys",
         "reposign verify dists/bookworm --keyring acme.asc"}));
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

}  // namespace

int main(int argument_count, char** arguments) {
    using namespace repotool;
    Context context;
    CLI::App app("Sign packages and repository metadata, and verify the signatures.", "reposign");
    console::use_help_layout(app);
    add_commands(app, context);
    const auto run = [&] {
        context.run();
        return 0;
    };
    return console::run(app, {"reposign", run, {}, [&] { return context.findings; }}, argument_count,
                        arguments);
}
