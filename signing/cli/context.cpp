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
    command.add_option("--key", key, "fingerprint; may be left out where the home has one usable key")
        ->type_name("FINGERPRINT");
    command.add_option("--passphrase-file", passphrase_file, "file whose first line unlocks the key")
        ->type_name("FILE");
}

std::string Context::resolve_home() const {
    if (!home.empty()) return home;
    if (!site.empty()) return home_of_site(site);
    if (const auto from_environment = environment("GNUPGHOME"); !from_environment.empty())
        return from_environment;
    const auto found = find_site(environment("REPOTOOL_SITE"));
    if (!found.empty()) return home_of_site(found);
    throw base::Error(base::ErrorKind::usage, "find", "GnuPG home", "none is named and there is no site here",
                      "give --home DIR or --site DIR, or set GNUPGHOME");
}

KeyReference Context::resolve_key() const {
    KeyReference reference{"", key, resolve_home(), passphrase_file};
    if (!key.empty()) return reference;
    for (const auto& description : list_keys(reference.home)) {
        if (!description.usable) continue;
        if (!reference.fingerprint.empty())
            throw base::Error(base::ErrorKind::usage, "choose a key in", reference.home.string(),
                              "there is more than one",
                              "give --key FINGERPRINT; reposign keys list shows them");
        reference.fingerprint = description.fingerprint;
    }
    if (!reference.fingerprint.empty()) return reference;
    throw base::Error(base::ErrorKind::signing, "choose a key in", reference.home.string(),
                      "there is no usable secret key", "make one with: reposign keys generate");
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
