// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/completion.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/console/completion_tree.hpp"

namespace repotool::console {
namespace {

// "TEXT:{auto,tty}" where CLI11 checks membership.
std::vector<std::string> choices_of(const std::string& type) {
    const auto open = type.find('{');
    const auto close = type.find('}');
    if (open == std::string::npos || close == std::string::npos || close < open) return {};
    return base::split(std::string_view(type).substr(open + 1, close - open - 1), ',');
}

ValueKind kind_of(const std::string& type) {
    const auto names = [&](const char* word) { return type.find(word) != std::string::npos; };
    if (names("REPOSITORY")) return ValueKind::repository;
    if (names("DIR")) return ValueKind::directory;
    if (names("FILE") || names("INPUT") || names("SOURCE") || names("TARGET") || names("PATH"))
        return ValueKind::file;
    return ValueKind::other;
}

CompletionOption option_of(const CLI::Option& option) {
    CompletionOption found;
    for (const auto& name : option.get_lnames()) found.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) found.names.push_back("-" + name);
    found.description = option.get_description();
    found.repeats = option.get_expected_max() > 1;
    if (option.get_type_size() == 0) return found;
    found.choices = choices_of(option.get_type_name());
    found.value = found.choices.empty() ? kind_of(option.get_type_name()) : ValueKind::choice;
    return found;
}

CompletionLevel level_of(const CLI::App& app, const std::string& path) {
    CompletionLevel level{path, app.get_description(), {}, {}, {}};
    for (const auto* option : app.get_options([](const CLI::Option*) { return true; }))
        (option->get_positional() ? level.arguments : level.options).push_back(option_of(*option));
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_group().empty()) continue;
        level.commands.push_back(
            level_of(*command, path.empty() ? command->get_name() : path + " " + command->get_name()));
    }
    return level;
}

}  // namespace

CompletionLevel completion_tree(const CLI::App& app) {
    return level_of(app, "");
}

std::string completion_script(const CLI::App& app, const std::string& shell) {
    const CompletionLevel tree = completion_tree(app);
    if (shell == "bash") return bash_completion(app.get_name(), tree);
    if (shell == "zsh") return zsh_completion(app.get_name(), tree);
    if (shell == "fish") return fish_completion(app.get_name(), tree);
    const std::string nearest = base::nearest(shell, {"bash", "zsh", "fish"});
    throw base::Error(base::ErrorKind::usage, "write completion for", shell, "expected bash, zsh or fish",
                      nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
}

}  // namespace repotool::console
