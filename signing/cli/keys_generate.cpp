// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <map>
#include <memory>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"

namespace repotool::signing::cli {
namespace {

struct Options {
    std::string name = "stable-key";
    std::string user_id;
    KeyAlgorithm algorithm = KeyAlgorithm::ed25519;
};

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

void check(const Options& options) {
    if (options.name.empty() || options.name.find_first_not_of(kNameCharacters) != std::string::npos)
        throw base::Error(base::ErrorKind::usage, "name a key", options.name,
                          "a name has letters, digits, '.', '_' and '-'");
    if (options.user_id.find_first_of("\n\r") != std::string::npos)
        throw base::Error(base::ErrorKind::usage, "use the user id", options.user_id, "it has a line break");
}

void run(const Options& options, Context& context) {
    check(options);
    if (!context.site.empty()) prepare_site(context.site);
    const std::string home = context.resolve_home();
    const auto user_id =
        options.user_id.empty() ? fmt::format("{} (package repository)", options.name) : options.user_id;
    const auto fingerprint = generate_key(home, user_id, options.algorithm);
    context.print(fingerprint);
    base::info(fmt::format("made key '{}' <{}> in {}; for repotool.yaml:", options.name, user_id, home));
    base::info(fmt::format("keys: {{{}: {{fingerprint: \"{}\"}}}}", options.name, fingerprint));
    context.finish(
        {{"name", options.name}, {"fingerprint", fingerprint}, {"user_id", user_id}, {"home", home}});
}

}  // namespace

void add_keys_generate(CLI::App& parent, Context& context) {
    auto options = std::make_shared<Options>();
    auto* command = parent.add_subcommand("generate", "make a signing key without a passphrase");
    command->add_option("NAME", options->name, "what repotool.yaml calls it")->capture_default_str();
    command
        ->add_option("--user-id", options->user_id, "what clients see: \"Acme Packages <ops@acme.example>\"")
        ->type_name("UID");
    const std::map<std::string, KeyAlgorithm> algorithms{{"ed25519", KeyAlgorithm::ed25519},
                                                         {"rsa4096", KeyAlgorithm::rsa4096}};
    command
        ->add_option("--algorithm", options->algorithm,
                     "ed25519 (default), or rsa4096 for clients as old as EL7")
        ->transform(CLI::CheckedTransformer(algorithms).description(""))
        ->type_name("ed25519|rsa4096");
    context.add_home_options(*command);
    command->footer(
        "The fingerprint is the only line on standard output.\n\n"
        "Examples:\n"
        "  reposign keys generate stable-key --user-id \"Acme <ops@acme.example>\"\n"
        "  reposign keys generate test-key --home ~/keys --algorithm rsa4096\n");
    command->callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace repotool::signing::cli
