// SPDX-License-Identifier: GPL-3.0-or-later
// What was wrong with a command line, said so that people can mend it.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"

namespace repotool::console {

// From what CLI11 complained of, after parse() of `words`: names the one, and what was perhaps meant.
base::Error usage_error(const std::string& tool, const CLI::App& app, const CLI::ParseError& error,
                        const std::vector<std::string>& words);

// For an option that takes one of these words, which help and completion show.
CLI::Validator one_of(const std::vector<std::string>& words);

// The commands that were chosen: "repotool config show".
std::string chosen_command(const std::string& tool, const CLI::App& app);

}  // namespace repotool::console
