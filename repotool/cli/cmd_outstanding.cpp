// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/policy/check_result.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::OutstandingChange;

ordered_json to_json(const std::vector<OutstandingChange>& changes) {
    ordered_json list = ordered_json::array();
    for (const auto& one : changes) {
        list.push_back({{"repository", one.change.repository},
                        {"generation", one.change.generation},
                        {"base", one.base.repository},
                        {"base_generation", one.base.generation},
                        {"current", one.current ? ordered_json(*one.current) : ordered_json(nullptr)}});
    }
    return {{"ok", true}, {"outstanding", list}};
}

std::string to_text(const std::vector<OutstandingChange>& changes) {
    if (changes.empty()) return "nothing has to be tested again\n";
    std::string text;
    for (const auto& one : changes) {
        text += fmt::format(
            "{}@{} was built against {}@{}, and {}\n", one.change.repository, one.change.generation,
            one.base.repository, one.base.generation,
            one.current ? fmt::format("{}@{} is current: test again", one.base.repository, *one.current)
                        : one.base.repository + " is gone");
    }
    return text;
}

int run(const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto changes = publisher::outstanding_changes(*site.filesystem);
    if (global.json) {
        print(to_json(changes).dump(1) + "\n");
    } else if (!global.quiet) {
        print(to_text(changes));
    }
    return 0;
}

}  // namespace

void add_outstanding(CLI::App& app, Program& program) {
    auto* command = app.add_subcommand(
        "outstanding",
        "which changes must be tested again, because what they were built against has moved on");
    command->footer(console::footer("A change says what it is built against with publish --base REPOSITORY.",
                                    {"repotool outstanding", "repotool --json outstanding"}));
    command->callback([&program] { program.run = [&program] { return run(program.global); }; });
}

}  // namespace repotool::cli
