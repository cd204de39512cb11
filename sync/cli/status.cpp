// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync status [SOURCE] TARGET…: what each mirror serves, without any lock.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/cli/commands.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

struct Line {
    std::string mirror;
    std::uint64_t generation = 0;  // 0: none
    std::string state;             // current, behind, ahead, missing, unreachable
    bool has_unfinished = false;
};

Line look(const std::string& target, const std::string& repository, const Version& wanted) {
    Line line{target, 0, "missing", false};
    try {
        const auto mirror = open_target(target, {}, Missing::refuse);
        line.has_unfinished = !mirror->unfinished(repository).empty();
        const auto current = mirror->state(repository).current;
        if (!current) return line;
        line.generation = current->generation;
        line.state = is_older(*current, wanted) ? "behind" : "ahead";
        if (*current == wanted) line.state = "current";
    } catch (const std::exception& error) {
        line.state = "unreachable";
        base::detail(error.what());
    }
    return line;
}

}  // namespace

void add_status(CLI::App& app, StatusOptions& options) {
    add_common(app, options.common);
}

int status(const StatusOptions& options) {
    Places places = resolve_places(options.common);
    json repositories = json::array();
    for (const auto& name : places.source->default_repositories()) {
        const auto generation = store::open_generation(places.source->get().tree, "", name);
        const auto& manifest = generation.manifest();
        const Version wanted{manifest.epoch, manifest.generation, generation.manifest_sha256()};
        json mirrors = json::array();
        for (const auto& target : places.targets) {
            const Line line = look(target, name, wanted);
            mirrors.push_back({{"name", line.mirror},
                               {"generation", line.generation == 0 ? json(nullptr) : json(line.generation)},
                               {"state", line.state},
                               {"unfinished", line.has_unfinished}});
            if (options.common.json) continue;
            const std::string found =
                line.generation == 0 ? "nothing" : fmt::format("{}@{}", name, line.generation);
            fmt::print("{}: {} ({}){}\n", line.mirror, found, line.state,
                       line.has_unfinished ? ", an unfinished transaction" : "");
        }
        if (!options.common.json) fmt::print("source: {}@{}\n", name, manifest.generation);
        repositories.push_back(
            {{"repository", name}, {"generation", manifest.generation}, {"mirrors", mirrors}});
    }
    if (options.common.json) print_document({{"ok", true}, {"repositories", repositories}});
    return 0;
}

}  // namespace repotool::sync::cli
