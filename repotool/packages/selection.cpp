// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/selection.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "core/base/error.hpp"

namespace repotool::publisher {

using base::Error;
using base::ErrorKind;

const char* action_name(Action action) noexcept {
    switch (action) {
        case Action::added:
            return "added";
        case Action::unchanged:
            return "unchanged";
        case Action::superseded:
            return "superseded";
        case Action::removed:
            return "removed";
        case Action::refused:
            return "refused";
    }
    return "added";
}

Action parse_action(std::string_view name) {
    for (const Action action :
         {Action::added, Action::unchanged, Action::superseded, Action::removed, Action::refused}) {
        if (name == action_name(action)) return action;
    }
    throw Error(ErrorKind::integrity, "read", std::string(name), "there is no such action");
}

bool is_change(const Decision& decision) noexcept {
    return decision.action != Action::unchanged && decision.action != Action::refused;
}

std::vector<Candidate> without_repetitions(std::vector<Candidate> candidates) {
    std::map<std::tuple<formats::Format, std::string, formats::PackageKind, std::string>,
             std::map<std::string, std::size_t>>
        seen;  // → component → place
    std::vector<Candidate> unique;
    for (auto& candidate : candidates) {
        auto& places = seen[{candidate.format, candidate.dist, candidate.kind, record_key(candidate.record)}];
        const std::size_t other = places.empty() ? unique.size() : places.begin()->second;
        const bool is_new = places.try_emplace(candidate.component, unique.size()).second;
        const bool is_same =
            other == unique.size() || unique[other].record.content == candidate.record.content;
        if (is_new && is_same) unique.push_back(std::move(candidate));
        if (is_same) continue;
        const Candidate& first = unique[other];
        throw Error(ErrorKind::input, "publish", candidate.origin,
                    fmt::format("it is {} with other content than '{}': which one is meant?",
                                describe(candidate), first.origin),
                    "leave one of the two out");
    }
    return unique;
}

std::vector<store::PackageChange> to_changes(const std::vector<Decision>& decisions, unsigned request) {
    std::vector<store::PackageChange> changes;
    for (const auto& decision : decisions) {
        if (!is_change(decision)) continue;
        const auto& record = decision.record;
        changes.push_back({action_name(decision.action), formats::format_name(decision.format), decision.dist,
                           record.name, record.version, record.architecture, record.sha256,
                           record.unsigned_sha256, decision.component, record.path, decision.origin,
                           request});
    }
    return changes;
}

}  // namespace repotool::publisher
