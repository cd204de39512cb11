// SPDX-License-Identifier: GPL-3.0-or-later
// Completion scripts for shells, written from the command line's own tree, so that they are never out of
// date.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace repotool::console {

// `shell` is bash, zsh or fish. Where the argument or option is called REPOSITORY, the names come from
// `<tool> list --names`. Throws base::Error (usage) for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace repotool::console
