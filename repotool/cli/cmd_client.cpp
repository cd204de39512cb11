// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "core/base/error.hpp"
#include "core/console/help.hpp"
#include "core/console/usage.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/answer/client_snippet.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using publisher::SnippetFormat;

struct Options {
    std::string reference;
    std::string format;
    std::string base_url;
    int priority = 0;
};

const std::map<std::string, SnippetFormat> kFormats{{"sources", SnippetFormat::sources},
                                                    {"list", SnippetFormat::list},
                                                    {"repo", SnippetFormat::repo},
                                                    {"preferences", SnippetFormat::preferences}};

publisher::SnippetRequest request_for(OpenSite& site, const Options& options, const std::string& repository) {
    publisher::SnippetRequest request;
    request.base_url = options.base_url.empty() ? site.config.base_url : options.base_url;
    std::tie(request.origin, request.label) = site.config.release_names(repository);
    if (options.priority != 0) request.priority = options.priority;
    for (const auto& key : site.config.repository(repository).keys) {
        const std::string path = "public/keys/" + key + ".asc";
        if (site.filesystem->status(path))
            request.keys.emplace_back(key, fs::read_file(*site.filesystem, path));
    }
    return request;
}

// A pin names a repository by the origin and label of its Release: two with the same ones would share it.
void check_pin(OpenSite& site, const publisher::SnippetRequest& request, const std::string& repository) {
    for (const auto& other : store::list_repositories(*site.filesystem, "public")) {
        if (other == repository) continue;
        if (site.config.release_names(other) != std::pair{request.origin, request.label}) continue;
        throw base::Error(
            base::ErrorKind::usage, "pin", repository,
            fmt::format("'{}' has the same origin '{}' and label '{}'", other, request.origin, request.label),
            fmt::format("give '{}' a 'release: {{label: …}}' of its own in repotool.yaml, then repotool "
                        "refresh it with --allow-release-info-change",
                        repository));
    }
}

int run(const Options& options, const GlobalOptions& global) {
    publisher::check_base_url(options.base_url);
    OpenSite site = open_site(global);
    const auto reader = store::open_generation(*site.filesystem, "public", options.reference);
    const auto request = request_for(site, options, reader.manifest().repository);
    std::vector<std::string> formats{options.format};
    if (options.format.empty()) {
        formats.clear();
        if (reader.find_format("deb") != nullptr) formats.emplace_back("sources");
        if (reader.find_format("rpm") != nullptr) formats.emplace_back("repo");
        if (options.priority != 0 && reader.find_format("deb") != nullptr)
            formats.emplace_back("preferences");
    }
    nlohmann::ordered_json document{{"ok", true}, {"repository", reader.manifest().repository}};
    std::string text;
    for (const auto& format : formats) {
        const std::string snippet = publisher::client_snippet(reader, kFormats.at(format), request);
        if (format == "preferences") check_pin(site, request, reader.manifest().repository);
        document[format] = snippet;
        text += (text.empty() ? "" : "\n") + snippet;
    }
    print(global.json ? document.dump(1) + "\n" : text);
    return 0;
}

}  // namespace

void add_client(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("client", "what a client machine needs to use a repository");
    command->add_option("repository", options->reference, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    command
        ->add_option(
            "--format", options->format,
            "sources or list (apt), repo (dnf, zypper), preferences (apt pinning); default: what fits")
        ->check(console::one_of({"sources", "list", "repo", "preferences"}));
    command->add_option(
        "--priority", options->priority,
        "so that this repository wins over others (apt: above 1000 also downgrades; dnf: lower wins)");
    command->add_option("--base-url", options->base_url, "address of a mirror, instead of the site's own");
    command->footer(
        console::footer("Repositories of sources and of debug packages are named, too, but switched off.",
                        {"repotool client stable --format sources > stable.sources",
                         "repotool client stable --format repo > stable.repo",
                         "repotool client test/change-1 --format preferences --priority 1001"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
