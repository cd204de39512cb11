// SPDX-License-Identifier: GPL-3.0-or-later
// --help as all commands show it: at most 80 columns, usage, arguments, options, commands in groups,
// examples.
#pragma once

#include <initializer_list>
#include <string>

#include <CLI/CLI.hpp>

namespace repotool::console {

inline constexpr std::size_t kHelpWidth = 80;

// Words of `text` in lines of at most `width` columns, the second and later ones indented.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

// Gives `app` this layout; commands that are added later inherit it.
void use_help_layout(CLI::App& app);

// What stands at the end of a command's help: `notes` in lines of at most 80 columns (may be empty), then
// examples.
std::string footer(const std::string& notes, std::initializer_list<const char*> examples);

}  // namespace repotool::console
