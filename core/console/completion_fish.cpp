// SPDX-License-Identifier: GPL-3.0-or-later
// fish: complete(1).
#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/console/completion_tree.hpp"

namespace repotool::console {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + "'";
}

std::string values(const CompletionOption& option, const std::string& tool) {
    switch (option.value) {
        case ValueKind::choice:
            return fmt::format(" -x -a {}", quoted(base::join(option.choices, " ")));
        case ValueKind::repository:
            return fmt::format(" -x -a '({} list --names 2>/dev/null)'", tool);
        case ValueKind::directory:
            return " -x -a '(__fish_complete_directories)'";
        case ValueKind::file:
            return " -r -F";
        case ValueKind::other:
            return " -x";
        default:
            return "";
    }
}

// True where the command line has come to this level and no further.
std::string condition(const CompletionLevel& level) {
    if (level.path.empty()) return "__fish_use_subcommand";
    std::string text;
    for (const auto& word : base::split(level.path, ' '))
        text += (text.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
    std::string deeper;
    for (const auto& command : level.commands) deeper += command.path.substr(command.path.rfind(' '));
    return deeper.empty() ? text : fmt::format("{}; and not __fish_seen_subcommand_from{}", text, deeper);
}

void add_level(const CompletionLevel& level, const std::string& tool, std::string& text) {
    const std::string when = quoted(condition(level));
    for (const auto& command : level.commands) {
        text += fmt::format("complete -c {} -f -n {} -a {} -d {}\n", tool, when,
                            command.path.substr(command.path.rfind(' ') + 1), quoted(command.description));
    }
    for (const auto& option : level.options) {
        text += fmt::format("complete -c {}{}", tool, level.path.empty() ? "" : " -n " + when);
        for (const auto& name : option.names)
            text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        text += fmt::format("{} -d {}\n", values(option, tool), quoted(option.description));
    }
    for (const auto& argument : level.arguments) {
        if (argument.value == ValueKind::other) continue;
        text += fmt::format("complete -c {} -n {}{}\n", tool, when, values(argument, tool));
    }
    for (const auto& command : level.commands) add_level(command, tool, text);
}

}  // namespace

std::string fish_completion(const std::string& tool, const CompletionLevel& tree) {
    std::string text = fmt::format(
        "# fish completion for {0}; made by: {0} completion fish\n# Use: {0} completion fish | source\n",
        tool);
    add_level(tree, tool, text);
    return text;
}

}  // namespace repotool::console
