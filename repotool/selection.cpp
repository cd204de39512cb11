// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "core/base/error.hpp"
#include "repotool/placement.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::record_key;

struct SetName {
    formats::Format format;
    std::string dist;
    std::string component;
    friend auto operator<=>(const SetName&, const SetName&) = default;
};

SetName set_name(const Candidate& candidate) {
    return {candidate.format, candidate.dist, candidate.component};
}

bool belongs(const Candidate& candidate, const std::string& architecture) {
    if (candidate.any_architecture) return architecture != "source";
    return set_architecture(candidate) == architecture;
}

bool is_any_architecture(formats::Format format, const store::Record& record) {
    return record.architecture == (format == formats::Format::deb ? "all" : "noarch");
}

// The sets of one (format, dist, component).
class DistSelection {
public:
    DistSelection(SetName name, const store::GenerationReader* parent, const Config& config,
                  const RepositoryRules& rules)
        : name_(std::move(name)), parent_(parent), rules_(rules) {
        if (const auto* dist = config.find_dist(name_.dist, name_.format))
            architectures_.insert(dist->architectures.begin(), dist->architectures.end());
        sub_ = parent == nullptr ? nullptr : parent->find_format(formats::format_name(name_.format));
        if (sub_ == nullptr) return;
        for (const auto& set : sub_->sets) {
            if (set.dist == name_.dist && set.component == name_.component)
                architectures_.insert(set.architecture);
        }
    }

    void add(const Candidate& candidate) {
        candidates_.push_back(&candidate);
        if (!candidate.any_architecture) architectures_.insert(set_architecture(candidate));
    }

    void run(Selection& selection) {
        for (const auto& architecture : architectures_) run_set(architecture, selection);
        for (auto& [key, decision] : decisions_) selection.decisions.push_back(std::move(decision));
    }

    bool has_undecided() const {
        return std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate* candidate) {
            return !decided_.contains(record_key(candidate->record));
        });
    }

private:
    void run_set(const std::string& architecture, Selection& selection) {
        const store::SetEntry* entry =
            sub_ == nullptr ? nullptr : sub_->find_set(name_.dist, name_.component, architecture);
        const store::ChunkList list = entry == nullptr ? store::ChunkList{} : parent_->chunk_list(*entry);
        store::ChunkEdits edits;
        if (entry == nullptr) adopt_any_architecture(architecture, edits);
        for (const auto* candidate : candidates_) {
            if (belongs(*candidate, architecture)) decide(*candidate, list, edits);
        }
        if (entry != nullptr && edits.empty()) return;
        SetPlan plan{name_.format, name_.dist, name_.component, architecture, {}, entry, {}};
        plan.pieces = store::edit_chunks(
            list, edits, [this](const store::ChunkReference& chunk) { return parent_->records(chunk); });
        selection.changed_sets.push_back(std::move(plan));
    }

    // A set that begins now holds what belongs into every architecture from its first generation on.
    void adopt_any_architecture(const std::string& architecture, store::ChunkEdits& edits) {
        if (sub_ == nullptr || architecture == "source") return;
        for (const auto& set : sub_->sets) {
            if (set.dist != name_.dist || set.component != name_.component || set.architecture == "source")
                continue;
            parent_->for_each_record(set, [&](const store::Record& record) {
                if (is_any_architecture(name_.format, record)) edits[record_key(record)] = record;
            });
            return;  // every set of the dist has them all
        }
    }

    void decide(const Candidate& candidate, const store::ChunkList& list, store::ChunkEdits& edits) {
        const std::string key = record_key(candidate.record);
        decided_.insert(key);
        const auto existing = find(list, edits, key);
        if (rules_.replace) supersede_others(candidate, list, edits);
        if (existing && existing->content == candidate.record.content) {
            decisions_.try_emplace(key, Decision{Action::unchanged, name_.format, name_.dist, name_.component,
                                                 *existing});  // added elsewhere wins
            return;
        }
        if (existing && !rules_.replace) {
            throw Error(ErrorKind::policy, "publish", candidate.origin,
                        fmt::format("{} is published already with other content (published {}, this file {})",
                                    describe(candidate), existing->content, candidate.record.content),
                        "give the package a new version");
        }
        if (existing) note(Action::superseded, *existing);
        edits[key] = candidate.record;
        decisions_[key] = {Action::added, name_.format, name_.dist, name_.component, candidate.record};
    }

    // A repository that replaces shows the newest build of each name: versions that this publish does not
    // bring go, from the parent's set as from what a new set adopts.
    void supersede_others(const Candidate& candidate, const store::ChunkList& list,
                          store::ChunkEdits& edits) {
        const std::string prefix = candidate.record.name + "\n";
        const auto is_other = [&](const std::string& key, const store::Record& record) {
            return key.starts_with(prefix) && record.architecture == candidate.record.architecture &&
                   !is_candidate(key);
        };
        for (auto edit = edits.lower_bound(prefix); edit != edits.end() && edit->first.starts_with(prefix);) {
            const bool goes = edit->second && is_other(edit->first, *edit->second);
            if (goes) note(Action::superseded, *edit->second);
            edit = goes ? edits.erase(edit) : std::next(edit);
        }
        const auto place = store::find_chunk(list, prefix);
        for (std::size_t i = place.value_or(list.size());
             i < list.size() && list[i].first_key.substr(0, prefix.size()) <= prefix; ++i) {
            for (const auto& record : load(list[i])) {
                const std::string key = record_key(record);
                if (!is_other(key, record)) continue;
                edits[key] = std::nullopt;
                note(Action::superseded, record);
            }
        }
    }

    bool is_candidate(const std::string& key) {
        if (keys_.empty()) {
            for (const auto* candidate : candidates_) keys_.insert(record_key(candidate->record));
        }
        return keys_.contains(key);
    }

    void note(Action action, const store::Record& record) {
        decisions_[record_key(record) + "\n" + record.sha256] = {action, name_.format, name_.dist,
                                                                 name_.component, record};
    }

    // What the set has under this key: in the parent, or adopted by a set that begins now.
    std::optional<store::Record> find(const store::ChunkList& list, const store::ChunkEdits& edits,
                                      const std::string& key) {
        if (const auto edit = edits.find(key); edit != edits.end() && edit->second) return *edit->second;
        const auto place = store::find_chunk(list, key);
        if (!place) return std::nullopt;
        const auto& records = load(list[*place]);
        const auto found = std::lower_bound(
            records.begin(), records.end(), key,
            [](const auto& record, const auto& wanted) { return record_key(record) < wanted; });
        return found != records.end() && record_key(*found) == key ? std::optional(*found) : std::nullopt;
    }

    const std::vector<store::Record>& load(const store::ChunkReference& chunk) {
        const auto [place, is_new] = loaded_.try_emplace(chunk.sha256);
        if (is_new) place->second = parent_->records(chunk);
        return place->second;
    }

    SetName name_;
    const store::GenerationReader* parent_;
    const RepositoryRules& rules_;
    const store::SubManifest* sub_ = nullptr;
    std::set<std::string> architectures_;
    std::vector<const Candidate*> candidates_;
    std::set<std::string> keys_;
    std::set<std::string> decided_;
    std::map<std::string, Decision> decisions_;
    std::map<std::string, std::vector<store::Record>> loaded_;
};

}  // namespace

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

std::vector<Candidate> without_repetitions(std::vector<Candidate> candidates) {
    std::map<std::tuple<SetName, std::string>, std::size_t> seen;
    std::vector<Candidate> unique;
    for (auto& candidate : candidates) {
        const auto [place, is_new] =
            seen.try_emplace({set_name(candidate), record_key(candidate.record)}, unique.size());
        if (is_new) {
            unique.push_back(std::move(candidate));
            continue;
        }
        const Candidate& first = unique[place->second];
        if (first.record.content == candidate.record.content) continue;
        throw Error(ErrorKind::input, "publish", candidate.origin,
                    fmt::format("it is {} with other content than '{}': which one is meant?",
                                describe(candidate), first.origin),
                    "leave one of the two out");
    }
    return unique;
}

Selection select(const std::vector<Candidate>& candidates, const store::GenerationReader* parent,
                 const Config& config, const RepositoryRules& rules) {
    std::map<SetName, DistSelection> dists;
    for (const auto& candidate : candidates) {
        dists.try_emplace(set_name(candidate), set_name(candidate), parent, config, rules)
            .first->second.add(candidate);
    }
    Selection selection;
    for (auto& [name, dist] : dists) dist.run(selection);
    if (std::any_of(dists.begin(), dists.end(),
                    [](const auto& dist) { return dist.second.has_undecided(); })) {
        throw std::logic_error("bug: a package fits into no set of its dist");  // never drop one in silence
    }
    // Nothing but unchanged packages: no set changes, also where a configured architecture has no set yet.
    const bool all_unchanged =
        parent != nullptr &&
        std::all_of(selection.decisions.begin(), selection.decisions.end(),
                    [](const Decision& decision) { return decision.action == Action::unchanged; });
    if (all_unchanged) selection.changed_sets.clear();
    return selection;
}

std::optional<store::Record> PublishedLookup::find(const Candidate& candidate) {
    const auto* sub =
        parent_ == nullptr ? nullptr : parent_->find_format(formats::format_name(candidate.format));
    if (sub == nullptr) return std::nullopt;
    for (const auto& set : sub->sets) {
        const bool there = set.dist == candidate.dist && set.component == candidate.component &&
                           belongs(candidate, set.architecture);
        if (!there) continue;
        if (auto record = find_in(set, record_key(candidate.record))) return record;
    }
    return std::nullopt;
}

std::optional<store::Record> PublishedLookup::find_in(const store::SetEntry& set, const std::string& key) {
    const auto [place, is_new] = sets_.try_emplace(set.dist + "/" + set.component + "/" + set.architecture);
    Cached& cached = place->second;
    if (is_new) cached.list = parent_->chunk_list(set);
    const auto chunk = store::find_chunk(cached.list, key);
    if (!chunk) return std::nullopt;
    if (cached.chunk != chunk) {
        cached.records = parent_->records(cached.list[*chunk]);
        cached.chunk = chunk;
    }
    for (const auto& record : cached.records) {
        if (record_key(record) == key) return record;
    }
    return std::nullopt;
}

std::vector<store::PackageChange> to_changes(const std::vector<Decision>& decisions) {
    std::vector<store::PackageChange> changes;
    for (const auto& decision : decisions) {
        if (decision.action == Action::unchanged) continue;
        const auto& record = decision.record;
        changes.push_back({action_name(decision.action), formats::format_name(decision.format), decision.dist,
                           record.name, record.version, record.architecture, record.sha256,
                           record.unsigned_sha256});
    }
    return changes;
}

}  // namespace repotool::publisher
