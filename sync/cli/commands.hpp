// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of mirrorsync: each adds its flags to an App and has a run() that returns the exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sync/directory_mirror.hpp"
#include "sync/result.hpp"
#include "sync/source.hpp"

namespace repotool::sync::cli {

// Shared by all commands.
struct CommonOptions {
    std::string site;
    std::vector<std::string> places;  // [SOURCE] TARGET…
    bool json = false;
    bool quiet = false;
    bool verbose = false;
};
void add_common(CLI::App& app, CommonOptions& options);

struct RunOptions {
    CommonOptions common;
    std::vector<std::string> repositories;
    std::vector<std::string> base_urls;  // TARGET=URL
    std::string keyring;
    std::string lock_timeout = "10m";
    std::string report;
    bool transactional = true;
};
void add_run(CLI::App& app, RunOptions& options);
int run(const RunOptions& options);

struct StatusOptions {
    CommonOptions common;
};
void add_status(CLI::App& app, StatusOptions& options);
int status(const StatusOptions& options);

// SOURCE and TARGETs, as they were meant.
struct Places {
    std::unique_ptr<OpenSource> source;
    std::vector<std::string> targets;  // absolute; none twice, none inside the source or around it
};
// Throws base::Error (usage).
Places resolve_places(const CommonOptions& options);
enum class Missing { make, refuse };
// The mirror at a target; made where it does not exist, if its parent does. Throws base::Error (usage).
std::unique_ptr<Mirror> open_target(const std::string& path, const MirrorOptions& options, Missing missing);

// "mirrorsync: cannot …" and the next step, on standard error. Returns the exit status.
int complain(const Failure& failure);
// One document on standard output and nothing else there.
void print_document(const nlohmann::json& document);

}  // namespace repotool::sync::cli
