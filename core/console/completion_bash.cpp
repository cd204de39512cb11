// SPDX-License-Identifier: GPL-3.0-or-later
// bash(1), "Programmable Completion". Needs no bash-completion package.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/base/text.hpp"
#include "core/console/completion_tree.hpp"

namespace repotool::console {
namespace {

void each_level(const CompletionLevel& level, const std::function<void(const CompletionLevel&)>& visit) {
    visit(level);
    for (const auto& command : level.commands) each_level(command, visit);
}

std::string answer(const CompletionOption& option) {
    switch (option.value) {
        case ValueKind::choice:
            return fmt::format("_reply -W '{}'", base::join(option.choices, " "));
        case ValueKind::repository:
            return "_reply -W \"$(_names)\"";
        case ValueKind::directory:
            return "_reply -d";
        case ValueKind::file:
            return "_reply -f";
        default:
            return ":";
    }
}

// Which command the words before the cursor name.
std::string command_cases(const CompletionLevel& tree) {
    std::string text;
    each_level(tree, [&](const CompletionLevel& level) {
        for (const auto& command : level.commands)
            text += fmt::format("            '{}') command='{}' ;;\n",
                                level.path + " " + command.path.substr(command.path.rfind(' ') + 1),
                                command.path);
    });
    return text;
}

std::string valued_options(const CompletionLevel& tree) {
    std::vector<std::string> names;
    each_level(tree, [&](const CompletionLevel& level) {
        for (const auto& option : level.options) {
            if (option.value == ValueKind::none) continue;
            for (const auto& name : option.names) {
                if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
            }
        }
    });
    return base::join(names, "|");
}

std::string value_cases(const CompletionLevel& tree) {
    std::string text;
    each_level(tree, [&](const CompletionLevel& level) {
        for (const auto& option : level.options) {
            if (option.value == ValueKind::none) continue;
            std::vector<std::string> patterns;  // options of the tool hold in every command
            for (const auto& name : option.names)
                patterns.push_back(level.path.empty() ? "*:" + name
                                                      : fmt::format("'{}:{}'", level.path, name));
            text += fmt::format("        {}) {}; return ;;\n", base::join(patterns, "|"), answer(option));
        }
    });
    return text;
}

// By the number of arguments before the cursor; what follows the last is like it where it may repeat.
std::string argument_cases(const std::vector<CompletionOption>& arguments) {
    std::string text = "case $count in";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool rest = i + 1 == arguments.size() && arguments[i].repeats;
        text += fmt::format(" {}) {} ;;", rest ? "*" : std::to_string(i), answer(arguments[i]));
    }
    return text + " esac";
}

std::string word_cases(const CompletionLevel& tree) {
    std::string text;
    each_level(tree, [&](const CompletionLevel& level) {
        std::vector<std::string> options;
        for (const auto* from : {&level, &tree}) {
            for (const auto& option : from->options) {
                for (const auto& name : option.names) {
                    if (std::find(options.begin(), options.end(), name) == options.end())
                        options.push_back(name);
                }
            }
        }
        std::vector<std::string> commands;
        for (const auto& command : level.commands)
            commands.push_back(command.path.substr(command.path.rfind(' ') + 1));
        std::string rest = ":";
        if (!commands.empty()) rest = fmt::format("_reply -W '{}'", base::join(commands, " "));
        if (!level.arguments.empty()) rest = argument_cases(level.arguments);
        text += fmt::format(
            "        '{}')\n            case \"$cur\" in -*) _reply -W '{}' ;; *) {} ;; esac ;;\n",
            level.path, base::join(options, " "), rest);
    });
    return text;
}

constexpr const char* kScript = R"(# bash completion for {tool}; made by: {tool} completion bash
# Use: source <({tool} completion bash)
_{name}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command='' site=() count=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${{COMP_WORDS[i]}} == --site ]] && site=(--site "${{COMP_WORDS[i+1]}}")
        case "${{COMP_WORDS[i-1]}}" in {valued}) continue ;; esac
        case "$command ${{COMP_WORDS[i]}}" in
{commands}            ' '* | *' '-*) ;;
            *) ((count++)) ;;
        esac
    done
    _reply() {{
        [[ $1 == -[df] ]] && compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
    }}
    _names() {{ "${{COMP_WORDS[0]}}" "${{site[@]}}" list --names 2>/dev/null; }}
    case "$command:$prev" in
{values}    esac
    case "$command" in
{words}    esac
}}
complete -F _{name} {tool}
)";

}  // namespace

std::string bash_completion(const std::string& tool, const CompletionLevel& tree) {
    return fmt::format(kScript, fmt::arg("tool", tool), fmt::arg("name", tool),
                       fmt::arg("valued", valued_options(tree)), fmt::arg("commands", command_cases(tree)),
                       fmt::arg("values", value_cases(tree)), fmt::arg("words", word_cases(tree)));
}

}  // namespace repotool::console
