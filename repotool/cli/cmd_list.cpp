// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/names.hpp"
#include "core/store/tags.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/describe.hpp"
#include "repotool/packages/package_json.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using store::GenerationReader;

struct Options {
    std::string reference;
    bool names = false;
};

std::uint64_t package_count(const GenerationReader& reader) {
    std::uint64_t count = 0;
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) count += set.packages;
    }
    return count;
}

// Empty also where private/ is not the caller's to read.
bool is_frozen(OpenSite& site, const std::string& repository) {
    try {
        return store::frozen(*site.filesystem, repository).has_value();
    } catch (const base::SystemError&) {
        return false;
    }
}

std::string tags_text(const std::map<std::string, std::uint64_t>& tags) {
    std::vector<std::string> parts;
    for (const auto& [name, generation] : tags) parts.push_back(fmt::format("{}=@{}", name, generation));
    return parts.empty() ? "" : "  tags: " + base::join(parts, ", ");
}

ordered_json set_json(const store::SubManifest& sub_manifest, const store::SetEntry& set) {
    return {{"format", sub_manifest.format},    {"dist", set.dist},           {"component", set.component},
            {"architecture", set.architecture}, {"kind", set_kind_name(set)}, {"packages", set.packages}};
}

std::string set_line(const store::SubManifest& sub_manifest, const store::SetEntry& set) {
    return fmt::format("  {} {} {}: {}\n", sub_manifest.format,
                       publisher::place_text(set.dist, set.component), set_text(set), set.packages);
}

struct Listing {
    std::string text;
    ordered_json document;
};
Listing describe(OpenSite& site, const GenerationReader& reader, bool with_sets) {
    const auto& manifest = reader.manifest();
    const auto tags = store::list_tags(*site.filesystem, "public", manifest.repository);
    const bool frozen = is_frozen(site, manifest.repository);
    const bool is_signed = reader.pointer_file("MANIFEST.asc").has_value();
    Listing listing;
    listing.text = fmt::format(
        "{}@{}  {}  {}{}{}{}\n", manifest.repository, manifest.generation, base::iso8601(manifest.date),
        package_count(reader) == 1 ? "1 package entry"
                                   : fmt::format("{} package entries", package_count(reader)),
        is_signed ? "  signed" : "", frozen ? "  frozen" : "", tags_text(tags));
    ordered_json sets = ordered_json::array();
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) {
            sets.push_back(set_json(sub_manifest, set));
            if (with_sets) listing.text += set_line(sub_manifest, set);
        }
    }
    listing.document = {{"repository", manifest.repository},
                        {"generation", manifest.generation},
                        {"date", base::iso8601(manifest.date)},
                        {"manifest_sha256", reader.manifest_sha256()},
                        {"signed", is_signed},
                        {"frozen", frozen},
                        {"tags", tags},
                        {"sets", sets}};
    return listing;
}

// One line for each repository; for one that is named, another for each of its sets.
int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto names = options.reference.empty() ? store::list_repositories(*site.filesystem, "public")
                                                 : std::vector<std::string>{options.reference};
    ordered_json list = ordered_json::array();
    std::string text;
    for (const auto& name : names) {
        if (options.names) {
            text += name + "\n";
            continue;
        }
        const auto reader = store::open_generation(*site.filesystem, "public", name);
        const Listing listing = describe(site, reader, !options.reference.empty());
        text += listing.text;
        list.push_back(listing.document);
    }
    if (text.empty() && !options.names)
        text = "no repositories yet: repotool publish --test CHANGE makes one\n";
    print(global.json && !options.names ? ordered_json{{"ok", true}, {"repositories", list}}.dump(1) + "\n"
                                        : text);
    return 0;
}

}  // namespace

void add_list(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("list", "the repositories, or the package sets of one");
    command->add_option("repository", options->reference, "a repository, repository@N or repository@TAG")
        ->type_name("REPOSITORY");
    command->add_flag("--names", options->names,
                      "nothing but the names, one a line (for completion and scripts)");
    command->footer(
        console::footer("A package for any architecture is an entry in each of them.",
                        {"repotool list", "repotool list stable", "repotool list stable@41 --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
