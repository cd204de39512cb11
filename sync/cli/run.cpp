// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync [SOURCE] TARGET…: one fleet transaction per repository.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/console/main.hpp"
#include "core/fs/external.hpp"
#include "core/store/names.hpp"
#include "sync/cli/commands.hpp"
#include "sync/coordinator.hpp"
#include "sync/manifest_check.hpp"

namespace repotool::sync::cli {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kKeyringLimit = std::uint64_t{16} << 20U;

std::map<std::string, std::string> addresses(const RunOptions& options,
                                             const std::vector<std::string>& targets) {
    std::map<std::string, std::string> addresses;
    for (const auto& item : options.base_urls) {
        const auto equals = item.find('=');
        const std::string target = fs::absolute_path(item.substr(0, equals));
        const std::string url = equals == std::string::npos ? "" : item.substr(equals + 1);
        if (url.find("://") == std::string::npos || url.find_first_of(" \t\r\n") != std::string::npos) {
            throw Error(ErrorKind::usage, "use --base-url", item,
                        "expected TARGET=URL, such as /srv/mirror=https://host/path");
        }
        if (std::find(targets.begin(), targets.end(), target) == targets.end()) {
            throw Error(ErrorKind::usage, "use --base-url", item,
                        fmt::format("'{}' is no target of this run", target));
        }
        addresses[target] = url;
    }
    return addresses;
}

std::vector<std::string> chosen_repositories(const RunOptions& options, const OpenSource& source) {
    for (const auto& name : options.repositories) store::check_repository_name(name);
    auto names = options.repositories.empty() ? source.default_repositories() : options.repositories;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.empty()) {
        throw Error(ErrorKind::usage, "sync", source.directory(),
                    "it has no repository but test repositories", "name one with --repository test/CHANGE");
    }
    return names;
}

// One repository's transaction; what concerns no mirror becomes its failure, too.
FleetResult sync_one(Source& source, const std::string& repository, const std::vector<Mirror*>& mirrors,
                     const FleetOptions& options) {
    try {
        return run_fleet(source, repository, mirrors, options);
    } catch (const std::exception&) {
        FleetResult result;
        result.repository = repository;
        result.failure = describe_failure(std::current_exception());
        return result;
    }
}

// The fields of the last transaction, and whether all went well.
json document_of(const std::vector<FleetResult>& results) {
    json document = to_json(results.back());
    document["transactions"] = json::array();
    for (const auto& result : results) document["transactions"].push_back(to_json(result));
    const auto failed = std::find_if(results.begin(), results.end(),
                                     [](const auto& result) { return result.failure.has_value(); });
    document["ok"] = failed == results.end();
    if (failed != results.end()) document["error"] = to_json(*failed->failure);
    return document;
}

int report(const RunOptions& options, const std::vector<FleetResult>& results) {
    const json document = document_of(results);
    if (!options.report.empty()) fs::write_external(options.report, document.dump(1) + "\n", 0644);
    if (options.common.json) print_document(document);
    int status = 0;
    for (const auto& result : results) {
        const bool is_worth_a_line = !result.failure || result.failure->kind == ErrorKind::network;
        if (!options.common.json && !options.common.quiet && is_worth_a_line && !result.transaction.empty()) {
            fmt::print("{}\n", summary(result));
        }
        if (!result.failure) continue;
        const int code = complain(*result.failure);
        status = status == 0 ? code : status;
    }
    return status;
}

}  // namespace

void add_run(CLI::App& app, RunOptions& options) {
    add_common(app, options.common);
    app.add_flag("--transactional", options.transactional,
                 "stage and verify on all targets, then flip all (the default)");
    app.add_option("--repository", options.repositories,
                   "mirror this repository (repeatable; default: all but test/…, which "
                   "are not mirrored unless they are named here)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--base-url", options.base_urls,
                   "address of a target, for its mirrorlist files (repeatable)")
        ->type_name("TARGET=URL")
        ->allow_extra_args(false);
    app.add_option("--keyring", options.keyring, "public keys, one of which must have signed MANIFEST")
        ->type_name("FILE");
    app.add_option("--lock-timeout", options.lock_timeout, "how long to wait for another run")
        ->type_name("TIME")
        ->capture_default_str();
    app.add_option("--report", options.report, "write the --json document to this file, too")
        ->type_name("FILE");
}

int run(const RunOptions& options) {
    console::check_result_file(options.report);
    Places places = resolve_places(options.common);
    const auto repositories = chosen_repositories(options, *places.source);
    auto urls = addresses(options, places.targets);
    FleetOptions fleet;
    fleet.lock_timeout_seconds = base::parse_duration(options.lock_timeout);
    fleet.open_mirror = [](const std::string& name) { return open_directory_mirror(name); };
    if (options.keyring.empty()) {
        base::detail("signatures are carried to the mirrors, not checked: no --keyring is given");
    } else {
        fleet.check_signature = make_signature_check(fs::read_external(options.keyring, kKeyringLimit));
    }
    std::vector<std::unique_ptr<Mirror>> owned;
    std::vector<Mirror*> mirrors;
    for (const auto& target : places.targets) {
        owned.push_back(open_target(target, {urls[target]}, Missing::make));
        mirrors.push_back(owned.back().get());
    }
    std::vector<FleetResult> results;
    for (const auto& name : repositories)
        results.push_back(sync_one(places.source->get(), name, mirrors, fleet));
    return report(options, results);
}

}  // namespace repotool::sync::cli
