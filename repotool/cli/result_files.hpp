// SPDX-License-Identifier: GPL-3.0-or-later
// Files that a change of a repository writes besides its answer: --env-file, --junit, --run-file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repotool/answer/run_file.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {

struct ResultFiles {
    std::string env;
    std::string junit;
    std::string run;
};
void add_result_file_options(CLI::App& command, ResultFiles& files);
// Throws base::Error (usage) where one could not be written, before anything is published.
void check_result_files(const ResultFiles& files);
// What an earlier run wrote must not stand for this one, should it fail: the next job would take it.
void forget_earlier_results(const ResultFiles& files);

// For --run-file, before a request is published: keeps in it what its files and sources are now. Empty where
// no run file is asked for.
std::optional<publisher::RunDefinition> run_definition(const ResultFiles& files, OpenSite& site,
                                                       const GlobalOptions& global,
                                                       publisher::PublishRequest& request);

// Writes them. The publish is done: a file that cannot be written is a warning, and the exit status that is
// returned.
int write_result_files(const ResultFiles& files, const publisher::PublishResult& result, OpenSite& site,
                       const std::string& operation,
                       const std::optional<publisher::RunDefinition>& definition);

// What a change is about, for the JUnit file of one that failed.
struct ChangeDescription {
    std::string operation;
    std::string repository;
    std::vector<std::string> inputs;  // as they were typed
};
// Runs `change`; a failure goes to --junit, too, and on to the caller.
int with_failure_file(const ResultFiles& files, const ChangeDescription& description,
                      const std::function<int()>& change);

}  // namespace repotool::cli
