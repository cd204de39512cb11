// SPDX-License-Identifier: GPL-3.0-or-later
// zshcompsys(1), "_arguments": one function a command.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/console/completion_tree.hpp"

namespace repotool::console {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

// Inside [...] of a specification, inside single quotes.
std::string described(const std::string& text) {
    std::string out = replaced(text, "\\", "\\\\");
    for (const char* special : {"[", "]", ":"}) out = replaced(out, special, std::string("\\") + special);
    return replaced(out, "'", "'\\''");
}

std::string action(const CompletionOption& option, const std::string& name) {
    switch (option.value) {
        case ValueKind::choice:
            return fmt::format(":value:({})", base::join(option.choices, " "));
        case ValueKind::repository:
            return fmt::format(":repository:_{}_names", name);
        case ValueKind::directory:
            return ":directory:_directories";
        case ValueKind::file:
            return ":file:_files";
        default:
            return ":value: ";
    }
}

std::string function_name(const std::string& tool, const std::string& path) {
    return "_" + tool + (path.empty() ? "" : "_" + replaced(path, " ", "_"));
}

void add_options(const CompletionLevel& level, const std::string& tool, std::vector<std::string>& words) {
    for (const auto& option : level.options) {
        for (const auto& name : option.names) {
            const std::string value = option.value == ValueKind::none ? "" : action(option, tool);
            words.push_back(fmt::format("'{}{}[{}]{}'", option.repeats ? "*" : "", name,
                                        described(option.description), value));
        }
    }
}

std::string last_word(const std::string& path) {
    return path.substr(path.rfind(' ') + 1);
}

std::string commands_part(const CompletionLevel& level, const std::string& tool) {
    std::string list;
    std::string cases;
    for (const auto& command : level.commands) {
        const std::string name = last_word(command.path);
        list += fmt::format(" '{}:{}'", name, described(command.description));
        cases += fmt::format("        {}) {} ;;\n", name, function_name(tool, command.path));
    }
    return fmt::format(
        "    case $state in\n    (command) local -a commands; commands=({} ); _describe command commands ;;\n"
        "    (rest) case $line[1] in\n{}        esac ;;\n    esac\n",
        list, cases);
}

void add_functions(const CompletionLevel& level, const CompletionLevel& tree, const std::string& tool,
                   std::string& text) {
    std::vector<std::string> words;
    add_options(level, tool, words);
    if (!level.path.empty()) add_options(tree, tool, words);
    if (!level.commands.empty()) {
        words.emplace_back("'1: :->command'");
        words.emplace_back("'*:: :->rest'");
    }
    for (std::size_t i = 0; i < level.arguments.size(); ++i) {
        const auto& argument = level.arguments[i];
        words.push_back(
            fmt::format("'{}{}'", argument.repeats ? "*" : std::to_string(i + 1), action(argument, tool)));
    }
    text += fmt::format("{}() {{\n    local context state state_descr line\n    typeset -A opt_args\n",
                        function_name(tool, level.path));
    text += fmt::format("    _arguments -C \\\n        {}\n", base::join(words, " \\\n        "));
    if (!level.commands.empty()) text += commands_part(level, tool);
    text += "}\n";
    for (const auto& command : level.commands) add_functions(command, tree, tool, text);
}

}  // namespace

std::string zsh_completion(const std::string& tool, const CompletionLevel& tree) {
    std::string text = fmt::format(
        "#compdef {0}\n# zsh completion for {0}; made by: {0} completion zsh\n# Use: put it into a directory "
        "of "
        "$fpath as _{0}, or source it after compinit\n"
        "_{0}_names() {{\n    local -a names\n    names=(${{(f)\"$({0} list --names 2>/dev/null)\"}})\n"
        "    compadd -a names\n}}\n",
        tool);
    add_functions(tree, tree, tool, text);
    return text +
           fmt::format("if [[ $funcstack[1] == _{0} ]]; then _{0} \"$@\"; else compdef _{0} {0}; fi\n", tool);
}

}  // namespace repotool::console
