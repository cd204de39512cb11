// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of mirrorsync: each adds its flags to an App and has a run() that returns the exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sync/fleet/result.hpp"

namespace repotool::sync::cli {

// Shared by all commands.
struct CommonOptions {
    std::string site;
    std::string config;
    std::vector<std::string> places;  // [SOURCE] TARGET…
    bool names_mirrors = false;       // words of `places` may be names of mirrors in mirrors.yaml
    std::vector<std::string> repositories;
    std::vector<std::string> base_urls;  // TARGET=URL
    std::string keyring;
    std::string lock_timeout;
    std::optional<std::uint64_t> max_delete;
    bool json = false;
    bool quiet = false;
    bool verbose = false;
};
void add_common(CLI::App& app, CommonOptions& options);
// Of the commands that change mirrors, or say how they would.
void add_changing(CLI::App& app, CommonOptions& options);

struct RunOptions {
    CommonOptions common;
    std::string report;
    std::string synced_packages;
    std::string junit;
    std::string metrics;
    bool transactional = true;
};
void add_run(CLI::App& app, RunOptions& options);
int run(const RunOptions& options);

void add_plan(CLI::App& app, CommonOptions& options);
int plan(const CommonOptions& options);

void add_status(CLI::App& app, CommonOptions& options);
int status(const CommonOptions& options);

// resume and abort: what an interrupted run left.
void add_resume(CLI::App& app, CommonOptions& options);
int resume(const CommonOptions& options);
void add_abort(CLI::App& app, CommonOptions& options);
int abort(const CommonOptions& options);

void add_retire(CLI::App& app, CommonOptions& options);
int retire(const CommonOptions& options);

void add_verify(CLI::App& app, CommonOptions& options);
int verify(const CommonOptions& options);

struct ServeOptions {
    bool stdio = false;
    std::string root;
    std::string keyring;
    std::vector<std::string> repositories;
    std::vector<std::string> formats;
    std::string idle_timeout = "60s";
};
void add_serve(CLI::App& app, ServeOptions& options);
int serve(const ServeOptions& options);

// "mirrorsync: cannot …" and the next step, on standard error. Returns the exit status.
int complain(const Failure& failure);
// One document on standard output and nothing else there.
void print_document(const nlohmann::json& document);

}  // namespace repotool::sync::cli
