// SPDX-License-Identifier: GPL-3.0-or-later
// Step 4 of a publish: new package sets = the parent's sets + candidates − what they supersede, by the
// repository's rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/history.hpp"
#include "repotool/candidate.hpp"
#include "repotool/config.hpp"
#include "repotool/index_builder.hpp"

namespace repotool::publisher {

enum class Action { added, unchanged, superseded, removed, refused };
const char* action_name(Action action) noexcept;

struct Decision {
    Action action = Action::added;
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;  // "" for RPM
    store::Record record;   // as it is, or was, in the repository
};

struct Selection {
    std::vector<Decision> decisions;    // sorted by format, dist, key
    std::vector<SetPlan> changed_sets;  // SetPlan::parent points into the reader
    bool is_changed() const noexcept { return !changed_sets.empty(); }
};

// Refuses two different files for one name, version and architecture in one dist: base::Error (input). Drops
// exact repetitions.
std::vector<Candidate> without_repetitions(std::vector<Candidate> candidates);

// `parent` may be null: the repository's first generation. Candidates have their path. Throws base::Error
// (policy) where a rule refuses.
Selection select(const std::vector<Candidate>& candidates, const store::GenerationReader* parent,
                 const Config& config, const RepositoryRules& rules);

// Looks candidates up in a generation; keeps the last chunk of each set, so asking in the order of the keys
// reads each chunk once.
class PublishedLookup {
public:
    // `parent` may be null.
    explicit PublishedLookup(const store::GenerationReader* parent) : parent_(parent) {}
    // The record that the repository has under the candidate's key; empty where there is none.
    std::optional<store::Record> find(const Candidate& candidate);

private:
    struct Cached {
        store::ChunkList list;
        std::optional<std::size_t> chunk;
        std::vector<store::Record> records;
    };
    std::optional<store::Record> find_in(const store::SetEntry& set, const std::string& key);

    const store::GenerationReader* parent_;
    std::map<std::string, Cached> sets_;
};

// What the history says of the decisions (all but `unchanged`).
std::vector<store::PackageChange> to_changes(const std::vector<Decision>& decisions);

}  // namespace repotool::publisher
