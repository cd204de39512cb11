// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/text.hpp"
#include "signing/cli/context.hpp"

namespace repotool::signing::cli {
namespace {

void run(Context& context) {
    auto documents = nlohmann::ordered_json::array();
    for (const auto& key : list_keys(context.resolve_home())) {
        const auto state = key.usable ? std::string("usable") : key.problem;
        context.print(fmt::format("{}  {:8}  {:20}  {:10}  {}", key.fingerprint, key.algorithm,
                                  key.expires.empty() ? "never expires" : key.expires, state,
                                  base::printable(key.user_id)));
        documents.push_back({{"fingerprint", key.fingerprint},
                             {"user_id", key.user_id},
                             {"algorithm", key.algorithm},
                             {"expires", key.expires},
                             {"usable", key.usable},
                             {"problem", key.problem}});
    }
    context.finish({{"keys", documents}});
}

}  // namespace

void add_keys_list(CLI::App& parent, Context& context) {
    auto* command = parent.add_subcommand("list", "show the secret keys of a home and whether they can sign");
    context.add_home_options(*command);
    command->footer("Example:\n  reposign keys list --site /srv/repo\n");
    command->callback([&context] { context.run = [&context] { run(context); }; });
}

}  // namespace repotool::signing::cli
