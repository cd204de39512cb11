// SPDX-License-Identifier: GPL-3.0-or-later
// What every subcommand of reposign shares: which home, which key, and how results are told.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "signing/signer.hpp"

namespace repotool::signing::cli {

enum class Output { text, json };

struct Context {
    Output output = Output::text;
    std::string home;
    std::string site;
    std::string key;
    std::string passphrase_file;
    // What the chosen subcommand does; runs after the whole command line was understood.
    std::function<void()> run;

    // What a failing command has to tell all the same; becomes part of the --json document.
    nlohmann::ordered_json findings = nlohmann::ordered_json::object();

    // Options that subcommands with a home, or with a key in it, take.
    void add_home_options(CLI::App& command);
    void add_key_options(CLI::App& command);

    // --home, --site DIR's private/gnupg, $GNUPGHOME, or private/gnupg of the site that repotool would find.
    // Throws base::Error (usage) when there is none of these.
    std::string resolve_home() const;
    // --key, or the one usable key in the home. Throws base::Error when there is none or more than one.
    KeyReference resolve_key() const;

    // One line per result for people; the whole document for --json, which gets "ok": true where it says
    // nothing.
    void print(const std::string& line) const;
    void finish(nlohmann::ordered_json document) const;
};

// Each adds one subcommand, which sets context.run when it is chosen.
void add_packages(CLI::App& parent, Context& context);
void add_release(CLI::App& parent, Context& context);
void add_repomd(CLI::App& parent, Context& context);
void add_verify(CLI::App& parent, Context& context);
void add_keys_generate(CLI::App& parent, Context& context);
void add_keys_list(CLI::App& parent, Context& context);
void add_keys_export(CLI::App& parent, Context& context);
void add_keys_check(CLI::App& parent, Context& context);

}  // namespace repotool::signing::cli
