// SPDX-License-Identifier: GPL-3.0-or-later
// What every subcommand of reposign shares: which home, which key, and how results are told.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/console/secret_options.hpp"
#include "signing/key_file.hpp"
#include "signing/signer.hpp"

namespace repotool::signing::cli {

enum class Output { text, json };

struct Context {
    Output output = Output::text;
    std::string home;
    std::string site;
    std::vector<std::string> keys;  // of --key
    std::string program;            // of --exec
    console::SecretOptions secrets;
    // What the chosen subcommand does; runs after the whole command line was understood.
    std::function<void()> run;

    // What a failing command has to tell all the same; becomes part of the --json document.
    nlohmann::ordered_json findings = nlohmann::ordered_json::object();

    // Options that subcommands with a home, or with a key in it, take.
    void add_home_options(CLI::App& command);
    void add_key_options(CLI::App& command);

    // That of --gpg-key-file, --home, --site DIR's private/gnupg, $GNUPGHOME, or private/gnupg of the site
    // that repotool would find. Throws base::Error (usage) when there is none of these.
    std::string resolve_home();
    // This key of the home, with the passphrase or the program that was given.
    KeyReference reference(const std::string& fingerprint);
    // Those of --key, or the one usable key in the home. Throws base::Error when there is none or more than
    // one.
    std::vector<KeyReference> resolve_keys();

    // One line per result for people; the whole document for --json, which gets "ok": true where it says
    // nothing.
    void print(const std::string& line) const;
    void finish(nlohmann::ordered_json document) const;

private:
    std::shared_ptr<const KeyFile> key_file_;  // opened when it is asked for
    std::optional<std::string> passphrase_;    // read once
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
