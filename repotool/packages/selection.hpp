// SPDX-License-Identifier: GPL-3.0-or-later
// What a publish decides for each package.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/history.hpp"
#include "core/store/record.hpp"
#include "repotool/packages/candidate.hpp"

namespace repotool::publisher {

enum class Action { added, unchanged, superseded, removed, refused };
const char* action_name(Action action) noexcept;
// Throws base::Error (integrity).
Action parse_action(std::string_view name);

struct Decision {
    Action action = Action::added;
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;  // "" for RPM
    store::Record record;   // as it is, or was, in the repository
    std::string origin{};   // of what was added or refused: input file or repository@generation
    std::string reason{};   // of what was refused
};

// True for what makes a generation differ: `unchanged` and `refused` do not.
bool is_change(const Decision& decision) noexcept;

// Refuses two different files for one name, version and architecture in one dist, be it in two components:
// base::Error (input). Drops exact repetitions.
std::vector<Candidate> without_repetitions(std::vector<Candidate> candidates);

// What the history says of the decisions (its changes); `request`: which one of those published
// together it was.
std::vector<store::PackageChange> to_changes(const std::vector<Decision>& decisions, unsigned request = 0);

}  // namespace repotool::publisher
