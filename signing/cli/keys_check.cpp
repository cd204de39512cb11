// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "signing/cli/context.hpp"

namespace repotool::signing::cli {
namespace {

// Why the key cannot sign now, or empty.
std::string problem_of(const KeyReference& key) {
    try {
        open_gpg_signer(key);
        return {};
    } catch (const base::Error& error) {
        return error.reason();
    }
}

void run(Context& context) {
    const std::string home = context.resolve_home();
    std::vector<std::string> fingerprints = context.keys;
    if (fingerprints.empty())
        for (const auto& key : list_keys(home)) fingerprints.push_back(key.fingerprint);
    if (fingerprints.empty())
        throw base::Error(base::ErrorKind::signing, "check keys in", home, "there is no secret key",
                          "make one with: reposign keys generate");
    auto documents = nlohmann::ordered_json::array();
    std::string first_fault;
    std::string first_faulty;
    for (const auto& fingerprint : fingerprints) {
        const auto problem = problem_of(context.reference(fingerprint));
        if (!problem.empty() && first_fault.empty()) {
            first_fault = problem;
            first_faulty = fingerprint;
        }
        context.print(fmt::format("{}  {}", fingerprint, problem.empty() ? "signs" : problem));
        documents.push_back(
            {{"fingerprint", fingerprint}, {"usable", problem.empty()}, {"problem", problem}});
    }
    context.findings["keys"] = documents;
    if (!first_fault.empty())
        throw base::Error(base::ErrorKind::signing, "sign with key", first_faulty, first_fault);
    context.finish(context.findings);
}

}  // namespace

void add_keys_check(CLI::App& parent, Context& context) {
    auto* command = parent.add_subcommand("check", "sign a probe with the key, or with each key of the home");
    context.add_key_options(*command);
    command->footer(
        "Exit status 5 when a key cannot sign.\n\nExample:\n  reposign keys check --site /srv/repo\n");
    command->callback([&context] { context.run = [&context] { run(context); }; });
}

}  // namespace repotool::signing::cli
