// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/store/generation_reader.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

std::uint64_t package_count(const store::GenerationReader& reader) {
    std::uint64_t count = 0;
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) count += set.packages;
    }
    return count;
}

// One line for each set, or for each repository where none is named.
int run(const std::string& repository, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    ordered_json list = ordered_json::array();
    std::string text;
    const auto names = repository.empty() ? store::list_repositories(*site.filesystem, "public")
                                          : std::vector<std::string>{repository};
    for (const auto& name : names) {
        const auto reader = store::open_generation(*site.filesystem, "public", name);
        const auto& manifest = reader.manifest();
        ordered_json sets = ordered_json::array();
        text += fmt::format("{}@{}  {}  {} package entries{}\n", manifest.repository, manifest.generation,
                            base::iso8601(manifest.date), package_count(reader),
                            reader.pointer_file("MANIFEST.asc") ? "  signed" : "");
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto& set : sub_manifest.sets) {
                sets.push_back({{"format", sub_manifest.format},
                                {"dist", set.dist},
                                {"component", set.component},
                                {"architecture", set.architecture},
                                {"packages", set.packages}});
                if (!repository.empty()) {
                    text += fmt::format("  {} {}{}{} {}: {}\n", sub_manifest.format, set.dist,
                                        set.component.empty() ? "" : "/", set.component, set.architecture,
                                        set.packages);
                }
            }
        }
        list.push_back({{"repository", manifest.repository},
                        {"generation", manifest.generation},
                        {"date", base::iso8601(manifest.date)},
                        {"manifest_sha256", reader.manifest_sha256()},
                        {"sets", sets}});
    }
    if (text.empty()) text = "no repositories yet: repotool publish --test CHANGE makes one\n";
    print(global.json ? ordered_json{{"ok", true}, {"repositories", list}}.dump(1) + "\n" : text);
    return 0;
}

}  // namespace

void add_list(CLI::App& app, Program& program) {
    auto repository = std::make_shared<std::string>();
    auto* command = app.add_subcommand("list", "the repositories, or the package sets of one");
    command->add_option("repository", *repository, "a repository, or repository@N")->type_name("REPOSITORY");
    command->footer("Examples:\n  repotool list\n  repotool list stable\n  repotool list stable@41 --json");
    command->callback([repository, &program] {
        program.run = [repository, &program] { return run(*repository, program.global); };
    });
}

}  // namespace repotool::cli
