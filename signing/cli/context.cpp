// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/cli/context.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "core/base/error.hpp"
#include "signing/cli/files.hpp"

namespace repotool::signing::cli {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

void Context::add_home_options(CLI::App& command) {
    command.add_option("--home", home, "GnuPG home with the keys")->type_name("DIR");
    command.add_option("--site", site, "site whose private/gnupg is the home")->type_name("DIR");
}

void Context::add_key_options(CLI::App& command) {
    add_home_options(command);
    command
        .add_option(
            "--key", keys,
            "fingerprint; may be left out where the home has one usable key. Given twice, both keys sign\n"
            "metadata, and the first one packages")
        ->type_name("FINGERPRINT")
        ->allow_extra_args(false);
    command
        .add_option("--exec", program,
                    "shell command that signs a digest (docs/TRUST.md); the home has the public keys alone")
        ->type_name("COMMAND")
        ->needs(command.get_option("--key"));
    console::add_secret_options(command, secrets);
    for (const char* other : {"--home", "--site"})
        command.get_option("--gpg-key-file")->excludes(command.get_option(other));
}

std::string Context::resolve_home() {
    if (!key_file_ && !secrets.key_file.empty()) key_file_ = std::make_shared<KeyFile>(secrets.key_file);
    if (key_file_) return key_file_->home();
    if (!home.empty()) return home;
    if (!site.empty()) return home_of_site(site);
    if (const auto from_environment = environment("GNUPGHOME"); !from_environment.empty())
        return from_environment;
    const auto found = find_site(environment("REPOTOOL_SITE"));
    if (!found.empty()) return home_of_site(found);
    throw base::Error(base::ErrorKind::usage, "find", "GnuPG home", "none is named and there is no site here",
                      "give --home DIR or --site DIR, or set GNUPGHOME");
}

KeyReference Context::reference(const std::string& fingerprint) {
    if (!passphrase_) passphrase_ = console::read_passphrase(secrets);
    std::vector<std::string> command;
    if (!program.empty()) command = {"/bin/sh", "-c", program};
    return {
        program.empty() ? "" : fingerprint, fingerprint, resolve_home(), {}, command, passphrase_, key_file_};
}

std::vector<KeyReference> Context::resolve_keys() {
    std::vector<KeyReference> references;
    for (const auto& fingerprint : keys) references.push_back(reference(fingerprint));
    if (!references.empty()) return references;
    const std::string where = resolve_home();
    const std::string& shown = key_file_ ? key_file_->file() : where;
    std::string only;
    for (const auto& description : list_keys(where)) {
        if (!description.usable) continue;
        if (!only.empty())
            throw base::Error(base::ErrorKind::usage, "choose a key in", shown, "there is more than one",
                              "give --key FINGERPRINT; reposign keys list shows them");
        only = description.fingerprint;
    }
    if (!only.empty()) return {reference(only)};
    throw base::Error(base::ErrorKind::signing, "choose a key in", shown, "there is no usable secret key",
                      "make one with: reposign keys generate");
}

void Context::print(const std::string& line) const {
    if (output == Output::text) fmt::print("{}\n", line);
}

void Context::finish(nlohmann::ordered_json document) const {
    if (output == Output::text) return;
    nlohmann::ordered_json whole{{"ok", true}};
    whole.update(document);
    fmt::print("{}\n", whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace repotool::signing::cli
