// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error_json.hpp"
#include "core/base/text.hpp"

namespace repotool::sync {
namespace {

using nlohmann::json;

const char* outcome_name(MirrorOutcome outcome) {
    switch (outcome) {
        case MirrorOutcome::unchanged:
            return "unchanged";
        case MirrorOutcome::flipped:
            return "flipped";
        case MirrorOutcome::aborted:
            return "aborted";
        case MirrorOutcome::failed:
            return "failed";
        case MirrorOutcome::prepared:
            return "prepared";
        case MirrorOutcome::lagging:
            return "lagging";
        case MirrorOutcome::returned:
            return "returned";
    }
    return "failed";
}

json to_json(const MirrorResult& mirror) {
    return {{"name", mirror.name},
            {"state", outcome_name(mirror.outcome)},
            {"bytes_sent", mirror.bytes_sent},
            {"files_sent", mirror.files_sent},
            {"flipped_at", mirror.flipped_at.empty() ? json(nullptr) : json(mirror.flipped_at)},
            {"error", mirror.failure ? json(mirror.failure->message) : json(nullptr)}};
}

}  // namespace

Failure describe_failure(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const base::Error& known) {
        return {known.kind(), known.object(), known.what(), known.hint()};
    } catch (const std::exception& unknown) {
        return {base::ErrorKind::internal, "", fmt::format("cannot go on: {}", unknown.what()),
                "this is a bug"};
    }
}

Failure describe_failure(const std::exception_ptr& error, const std::string& verb,
                         const std::string& mirror) {
    Failure failure = describe_failure(error);
    // What a mirror says of itself needs no frame.
    if (failure.object != mirror)
        failure.message = fmt::format("cannot {} '{}': {}", verb, mirror, failure.message);
    failure.object = mirror;
    return failure;
}

json to_json(const Failure& failure) {
    return base::error_json(failure.kind, failure.object, failure.message, failure.hint);
}

json to_json(const FleetResult& result) {
    json mirrors = json::array();
    for (const auto& mirror : result.mirrors) mirrors.push_back(to_json(mirror));
    json document{{"ok", !result.failure},
                  {"repository", result.repository},
                  {"transaction", result.transaction},
                  {"generation", result.generation},
                  {"mirrors", mirrors},
                  {"flip_skew_ms", result.flip_skew_ms},
                  {"elapsed_ms", result.elapsed_ms}};
    document["steps"] = json::array();
    for (const auto& phase : result.phases)
        document["steps"].push_back({{"name", phase.name}, {"ms", phase.ms}});
    if (result.settled_at != 0) {
        document["published_at"] = base::iso8601(result.published_at);
        document["settled_at"] = base::iso8601(result.settled_at);
    }
    if (result.failure) document["error"] = to_json(*result.failure);
    return document;
}

std::string summary(const FleetResult& result) {
    const std::string name = fmt::format("{}@{}", result.repository, result.generation);
    const auto count = [&](MirrorOutcome outcome) {
        return static_cast<std::size_t>(
            std::count_if(result.mirrors.begin(), result.mirrors.end(),
                          [&](const MirrorResult& mirror) { return mirror.outcome == outcome; }));
    };
    const std::size_t flipped = count(MirrorOutcome::flipped);
    const std::size_t unchanged = count(MirrorOutcome::unchanged);
    if (flipped + count(MirrorOutcome::prepared) + count(MirrorOutcome::lagging) == 0 && !result.failure) {
        return fmt::format("{} is live on {} already, nothing to do", name,
                           base::counted(unchanged, "mirror"));
    }
    std::uint64_t bytes = 0;
    std::size_t packages = 0;
    for (const auto& mirror : result.mirrors) {
        bytes += mirror.bytes_sent;
        packages = std::max(packages, mirror.packages_sent.size());
    }
    const std::string live =
        fmt::format("{} is live on {} ({}, {} sent)", name, base::counted(flipped + unchanged, "mirror"),
                    base::counted(packages, "new package"), base::human_size(bytes));
    const std::size_t late = count(MirrorOutcome::prepared);
    const std::size_t lagging = count(MirrorOutcome::lagging);
    if (late > 0) return fmt::format("{}; {} not yet", live, base::counted(late, "mirror"));
    if (result.failure)
        return fmt::format("{} changed nothing on {}", name, base::counted(result.mirrors.size(), "mirror"));
    return lagging > 0 ? fmt::format("{}; {} behind", live, base::counted(lagging, "optional mirror")) : live;
}

int exit_status(const FleetResult& result) noexcept {
    constexpr int kLagging = 10;
    if (result.failure) return base::exit_code(result.failure->kind);
    return result.is_lagging ? kLagging : 0;
}

}  // namespace repotool::sync
