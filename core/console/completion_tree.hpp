// SPDX-License-Identifier: GPL-3.0-or-later
// The command line's tree as completion needs it. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace repotool::console {

// What a value can be.
enum class ValueKind { none, choice, file, directory, repository, other };

struct CompletionOption {
    std::vector<std::string> names;  // "--site", "-q"; none: an argument
    std::string description;
    ValueKind value = ValueKind::none;
    std::vector<std::string> choices;
    bool repeats = false;
};

struct CompletionLevel {
    std::string path;  // "config show"; empty: the tool itself
    std::string description;
    std::vector<CompletionOption> options;
    std::vector<CompletionOption> arguments;
    std::vector<CompletionLevel> commands;
};

CompletionLevel completion_tree(const CLI::App& app);

std::string bash_completion(const std::string& tool, const CompletionLevel& tree);
std::string zsh_completion(const std::string& tool, const CompletionLevel& tree);
std::string fish_completion(const std::string& tool, const CompletionLevel& tree);

}  // namespace repotool::console
