// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync status [SOURCE] [TARGET…]: what each mirror serves, without any lock, and without waiting for
// one that does not answer.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/cli/setup.hpp"
#include "sync/fleet/quarantine.hpp"
#include "sync/fleet/requests.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

constexpr int kPatienceSeconds = 10;

struct Line {
    std::string mirror;
    std::uint64_t generation = 0;     // 0: none
    std::string state = "no answer";  // current, behind, ahead, missing, unreachable, no answer
    bool has_unfinished = false;
    std::string error;
    base::UnixSeconds quarantined_since = 0;
};

// Of one repository. Threads that still wait for their mirror share it with whoever has stopped waiting.
struct Board {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Line> lines;
    std::size_t missing = 0;
};

Line look(const MirrorConfig& config, const std::string& repository, const Version& wanted) {
    Line line;
    line.mirror = config.name;
    try {
        const auto mirror = open_mirror(config, Missing::refuse);
        line.has_unfinished = !mirror->unfinished(repository).empty();
        const auto current = mirror->state(repository).current;
        line.state = "missing";
        if (!current) return line;
        line.generation = current->generation;
        line.state = is_older(*current, wanted) ? "behind" : "ahead";
        if (*current == wanted) line.state = "current";
    } catch (const std::exception& error) {
        line.state = "unreachable";
        line.error = error.what();
    }
    return line;
}

std::vector<Line> look_at_all(const std::vector<MirrorConfig>& mirrors, const std::string& repository,
                              const Version& wanted) {
    const auto board = std::make_shared<Board>();
    for (const auto& mirror : mirrors) board->lines.emplace_back().mirror = mirror.name;
    board->missing = mirrors.size();
    for (std::size_t i = 0; i < mirrors.size(); ++i) {
        // Nobody waits for the end of one that hangs.
        std::thread([board, i, config = mirrors[i], repository, wanted] {
            const Line line = look(config, repository, wanted);
            const std::scoped_lock lock(board->mutex);
            board->lines[i] = line;
            --board->missing;
            board->changed.notify_all();
        }).detach();
    }
    std::unique_lock lock(board->mutex);
    board->changed.wait_for(lock, std::chrono::seconds(kPatienceSeconds),
                            [&] { return board->missing == 0; });
    return board->lines;
}

json to_json(const Line& line) {
    return {{"name", line.mirror},
            {"generation", line.generation == 0 ? json(nullptr) : json(line.generation)},
            {"state", line.state},
            {"unfinished", line.has_unfinished},
            {"error", line.error.empty() ? json(nullptr) : json(line.error)},
            {"quarantined_since",
             line.quarantined_since == 0 ? json(nullptr) : json(base::iso8601(line.quarantined_since))}};
}

void print_line(const Line& line, const std::string& repository, const store::GenerationReader& newest) {
    const std::string found =
        line.generation == 0 ? "nothing" : fmt::format("{}@{}", repository, line.generation);
    std::string more;
    const std::uint64_t number = newest.manifest().generation;
    const bool is_counted = newest.find_format(kTreeFormat) == nullptr;  // those are numbered by the clock
    if (line.state == "behind" && is_counted)
        more +=
            fmt::format(" by {}", base::counted(number - std::min(number, line.generation), "generation"));
    if (line.has_unfinished) more += ", an unfinished transaction";
    if (line.quarantined_since != 0)
        more += fmt::format(", in quarantine since {}", base::iso8601(line.quarantined_since));
    if (!line.error.empty()) more += ": " + line.error;
    fmt::print("{}: {} ({}){}\n", line.mirror, found, line.state, more);
}

}  // namespace

void add_status(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
}

int status(const CommonOptions& options) {
    Setup setup(options);
    json repositories = json::array();
    for (const auto& name : setup.repositories()) {
        const auto generation = store::open_generation(setup.source().get().tree, "", name);
        const auto& manifest = generation.manifest();
        const Version wanted{manifest.epoch, manifest.generation, generation.manifest_sha256()};
        const auto quarantine = read_quarantine(setup.source().get(), name);
        json mirrors = json::array();
        for (Line& line : look_at_all(setup.config().mirrors, name, wanted)) {
            for (const auto& entry : quarantine) {
                if (entry.mirror != line.mirror) continue;
                line.quarantined_since = entry.since;
                if (line.error.empty()) line.error = entry.reason;
            }
            mirrors.push_back(to_json(line));
            if (!options.json) print_line(line, name, generation);
        }
        const bool is_requested = !open_requests(setup.source().get(), name).empty();
        if (!options.json) {
            fmt::print("source: {}@{}{}\n", name, manifest.generation,
                       is_requested ? ", a sync is asked for" : "");
        }
        repositories.push_back({{"repository", name},
                                {"generation", manifest.generation},
                                {"requested", is_requested},
                                {"mirrors", mirrors}});
    }
    if (options.json) print_document({{"ok", true}, {"repositories", repositories}});
    return 0;
}

}  // namespace repotool::sync::cli
