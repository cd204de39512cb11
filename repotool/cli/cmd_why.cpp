// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/inspect/provenance.hpp"
#include "repotool/packages/package_json.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::Cause;
using publisher::PackageProvenance;
using publisher::RepositoryProvenance;

struct Options {
    std::string package;
    std::string repository;
};

std::string cause_text(const std::string& repository, const Cause& cause) {
    std::string text = fmt::format("{}@{}, {}", repository, cause.generation, base::iso8601(cause.time));
    if (!cause.operation.empty())
        text += fmt::format(": {} by {}@{}", cause.operation, cause.user, cause.host);
    if (!cause.job.empty()) text += ", " + base::printable(cause.job);
    for (const auto& [key, value] : cause.meta) text += fmt::format(", {}={}", key, base::printable(value));
    return text;
}

std::string package_text(const RepositoryProvenance& found, const PackageProvenance& package) {
    std::string text =
        fmt::format("{}{}  {} {} {} {} ({}){}\n", found.repository,
                    found.current && !package.left ? fmt::format("@{}", *found.current) : "", package.format,
                    package.name, package.version, package.architecture,
                    publisher::place_text(package.dist, package.component), package.left ? ": gone" : "");
    if (package.left) {
        text += fmt::format("  {}{}: {}\n", package.action,
                            package.successor.empty() ? "" : fmt::format(" by {}", package.successor),
                            cause_text(found.repository, *package.left));
    }
    text += package.since ? fmt::format("  since     {}\n", cause_text(found.repository, *package.since))
                          : std::string("  since     before what is recorded\n");
    if (!package.origin.empty()) text += fmt::format("  from      {}\n", base::printable(package.origin));
    text += fmt::format("  sha256    {}\n", package.sha256);
    if (package.unsigned_sha256 != package.sha256)
        text += fmt::format("  unsigned  {}\n", package.unsigned_sha256);
    std::vector<std::string> others;
    for (const auto& sighting : package.sightings)
        others.push_back(fmt::format("{}@{}", sighting.repository, sighting.generation));
    if (!others.empty()) text += fmt::format("  the same build: {}\n", base::join(others, ", "));
    return text;
}

ordered_json cause_json(const std::optional<Cause>& cause) {
    if (!cause) return nullptr;
    ordered_json document{{"generation", cause->generation}, {"time", base::iso8601(cause->time)}};
    if (cause->operation.empty()) return document;
    document["operation"] = cause->operation;
    document["actor"] = {{"user", cause->user}, {"host", cause->host}, {"job", cause->job}};
    document["meta"] = cause->meta;
    return document;
}

ordered_json package_document(const PackageProvenance& package) {
    ordered_json sightings = ordered_json::array();
    for (const auto& sighting : package.sightings)
        sightings.push_back({{"repository", sighting.repository}, {"generation", sighting.generation}});
    ordered_json document{{"format", package.format},
                          {"dist", package.dist},
                          {"component", package.component},
                          {"name", package.name},
                          {"version", package.version},
                          {"architecture", package.architecture},
                          {"sha256", package.sha256},
                          {"unsigned_sha256", package.unsigned_sha256},
                          {"present", !package.left},
                          {"since", cause_json(package.since)},
                          {"origin", base::printable(package.origin)},
                          {"left", cause_json(package.left)},
                          {"action", package.left ? ordered_json(package.action) : ordered_json(nullptr)},
                          {"successor", package.successor},
                          {"same_build", sightings}};
    return document;
}

std::string head_line(const std::string& package, const std::vector<RepositoryProvenance>& found) {
    const auto there = std::count_if(found.begin(), found.end(), [](const auto& repository) {
        return std::any_of(repository.packages.begin(), repository.packages.end(),
                           [](const auto& item) { return !item.left; });
    });
    if (there > 0) {
        return fmt::format("{} is in {} {}\n", package, there, there == 1 ? "repository" : "repositories");
    }
    return fmt::format("{} is in no repository any more\n", package);
}

[[noreturn]] void never_seen(OpenSite& site, const std::string& package,
                             const std::vector<std::string>& repositories) {
    std::vector<std::string> nearest;
    for (const auto& repository : repositories) {
        if (!store::make_symlink_head(*site.filesystem, "public", repository)->current()) continue;
        const auto reader = store::open_generation(*site.filesystem, "public", repository);
        const std::string name = publisher::nearest_package(reader, package);
        if (!name.empty()) nearest.push_back(name);
    }
    const std::string meant = base::nearest(package, nearest);
    throw base::Error(base::ErrorKind::usage, "explain", package,
                      repositories.size() == 1
                          ? fmt::format("'{}' does not have it, and never had", repositories[0])
                          : "no repository has it, or had it",
                      meant.empty() ? "repotool show REPOSITORY lists what a repository has"
                                    : fmt::format("did you mean '{}'?", meant));
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    std::vector<std::string> repositories{options.repository};
    if (options.repository.empty()) {
        repositories = publisher::list_known_repositories(*site.filesystem);
    } else {
        publisher::read_chronicle(*site.filesystem, options.repository);  // says what is wrong with the name
    }
    const auto found = publisher::explain(*site.filesystem, {options.package}, repositories);
    if (found.empty()) never_seen(site, options.package, repositories);
    ordered_json list = ordered_json::array();
    std::string text = head_line(base::printable(options.package), found);
    for (const auto& repository : found) {
        if (repository.source == publisher::ChronicleSource::manifests)
            base::info("private/history is not yours to read: who and why is left out");
        ordered_json packages = ordered_json::array();
        for (const auto& package : repository.packages) {
            text += package_text(repository, package);
            packages.push_back(package_document(package));
        }
        list.push_back(
            {{"repository", repository.repository},
             {"generation", repository.current ? ordered_json(*repository.current) : ordered_json(nullptr)},
             {"packages", packages}});
    }
    print(global.json ? ordered_json{{"ok", true},
                                     {"package", base::printable(options.package)},
                                     {"repositories", list}}
                                .dump(1) +
                            "\n"
                      : text);
    return 0;
}

}  // namespace

void add_why(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "why", "which repositories have or had a package, since when, and what brought it");
    command->add_option("package", options->package, "its name, or the SHA-256 of its file, signed or not")
        ->required()
        ->type_name("PACKAGE");
    command->add_option("repository", options->repository, "look here alone")->type_name("REPOSITORY");
    command->footer(console::footer(
        "", {"repotool why hello", "repotool why hello stable", "repotool why hello --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
