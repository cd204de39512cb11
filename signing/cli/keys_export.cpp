// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"

namespace repotool::signing::cli {
namespace {

void run(const std::string& output, Context& context) {
    const auto signer = open_signer(context.resolve_keys());
    std::vector<std::string> keys;
    for (const auto& key : signer->public_keys()) keys.push_back(key.armored);
    const std::string armored = keys.size() == 1 ? keys[0] : join_public_keys(keys);
    if (!output.empty()) {
        write_text(output, armored);
    } else if (context.output == Output::text) {
        fmt::print("{}", armored);
    }
    context.finish({{"fingerprint", signer->key().fingerprint}, {"public_key", armored}});
}

}  // namespace

void add_keys_export(CLI::App& parent, Context& context) {
    auto output = std::make_shared<std::string>();
    auto* command = parent.add_subcommand("export", "write the armored public key, as clients import it");
    command->add_option("-o,--output", *output, "file to write instead of standard output")
        ->type_name("FILE");
    context.add_key_options(*command);
    command->footer("Example:\n  reposign keys export --site /srv/repo -o acme-archive-keyring.asc\n");
    command->callback([output, &context] { context.run = [output, &context] { run(*output, context); }; });
}

}  // namespace repotool::signing::cli
