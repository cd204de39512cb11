// SPDX-License-Identifier: GPL-3.0-or-later
// From what the user typed to a list of package files.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace repotool::publisher {

struct InputArguments {
    std::vector<std::string> arguments;  // files, directories, "-"; none: the current directory by `patterns`
    std::vector<std::string> patterns;   // `inputs:` of the configuration
    std::function<std::string()> read_standard_input;  // for "-": one path a line
};

// Package files in a fixed order (arguments in theirs, directories sorted and recursively, hidden names left
// out). Files of source packages (.dsc, .changes) that a directory holds are left out with a warning until
// they are supported; given by name they are refused. Throws base::Error (input): nothing there, or no
// package in it.
std::vector<std::string> expand_inputs(const InputArguments& input);

}  // namespace repotool::publisher
