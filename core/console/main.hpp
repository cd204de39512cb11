// SPDX-License-Identifier: GPL-3.0-or-later
// What the three commands share from main() on: one way to parse, to fail and to end.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"

namespace repotool::console {

enum class Output { text, json };

// "<tool>: <message>" and the next step (may be empty) on standard error.
void complain(const std::string& tool, const std::string& message, const std::string& hint);

// "<tool>: cannot <verb> '<object>': <reason>" and the next step on standard error; with json, the document
// of schemas/error.schema.json, with the members of `more` besides, on standard output. Returns the exit
// status.
int report(const std::string& tool, const base::Error& error, Output output,
           const nlohmann::ordered_json& more);
int report(const std::string& tool, const base::Error& error, Output output);

// What stands between a command line and its exit status.
struct Command {
    std::string tool;
    std::function<int()> run;  // after the whole command line was understood
    // Before that, once: verbosity, progress and log, as the options say; may be empty.
    std::function<void()> begin;
    // Members of the document of a failure, besides those of every tool; may be empty.
    std::function<nlohmann::ordered_json()> more;
};

// Parses and runs. Help and version end with 0; without any argument, where one is needed, the help goes to
// standard error. Never throws.
int run(CLI::App& app, const Command& command, int argc, char** argv);

// Throws base::Error (usage) where a result file could not be written: before anything is done.
void check_result_file(const std::string& path);

// Writes to standard output. Throws base::SystemError.
void print(const std::string& text);

}  // namespace repotool::console
