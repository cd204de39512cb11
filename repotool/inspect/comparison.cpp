// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/comparison.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "core/store/names.hpp"
#include "repotool/packages/versions.hpp"

namespace repotool::publisher {
namespace {

using store::GenerationReader;
using store::Record;
using store::SetEntry;
using store::SubManifest;
using Records = std::map<std::string, Record>;  // by key and digest

std::string name_of(const Record& record) {
    return store::record_key(record) + "\n" + record.sha256;
}

bool is_any_architecture(const Record& record) {
    return record.architecture == "all" || record.architecture == "noarch";
}

// The sets of one dist and component on one side; without a reader there are none.
struct Side {
    const GenerationReader* reader;
    std::vector<const SetEntry*> sets;

    const SetEntry* find(const std::string& architecture) const {
        const auto found = std::find_if(
            sets.begin(), sets.end(), [&](const SetEntry* set) { return set->architecture == architecture; });
        return found == sets.end() ? nullptr : *found;
    }
};

std::set<std::string> chunk_digests(const Side& side, const SetEntry* set) {
    std::set<std::string> digests;
    if (set == nullptr) return digests;
    for (const auto& chunk : side.reader->chunk_list(*set)) digests.insert(chunk.sha256);
    return digests;
}

// Those of `architecture`'s set that are in chunks which the other side does not have.
void add_own_records(const Side& side, const std::string& architecture, const std::set<std::string>& others,
                     Records& records) {
    const SetEntry* set = side.find(architecture);
    if (set == nullptr) return;
    for (const auto& chunk : side.reader->chunk_list(*set)) {
        if (others.contains(chunk.sha256)) continue;
        for (auto& record : side.reader->records(chunk)) records.emplace(name_of(record), std::move(record));
    }
}

// A package for any architecture is in every set. So where only one side has a set, those in it are new, or
// gone, only if no other set of the other side has them.
void drop_known_elsewhere(const Side& other, Records& records) {
    const bool any = std::any_of(records.begin(), records.end(),
                                 [](const auto& entry) { return is_any_architecture(entry.second); });
    if (!any) return;
    for (const auto* set : other.sets) {
        if (store::set_kind(set->architecture) == store::SetKind::source) continue;
        other.reader->for_each_record(*set, [&](const Record& record) {
            if (is_any_architecture(record)) records.erase(name_of(record));
        });
    }
}

// By dist and component.
using Places = std::map<std::pair<std::string, std::string>, std::pair<Side, Side>>;
Places places_of(const GenerationReader* from, const GenerationReader* to, const char* format) {
    Places places;
    const auto sides = [&](const SetEntry& set) -> std::pair<Side, Side>& {
        return places.try_emplace({set.dist, set.component}, Side{from, {}}, Side{to, {}}).first->second;
    };
    const auto sets_of = [&](const GenerationReader* reader) {
        const SubManifest* found = reader == nullptr ? nullptr : reader->find_format(format);
        return found == nullptr ? std::span<const SetEntry>() : std::span(found->sets);
    };
    for (const auto& set : sets_of(from)) sides(set).first.sets.push_back(&set);
    for (const auto& set : sets_of(to)) sides(set).second.sets.push_back(&set);
    return places;
}

struct Changes {
    Records before;
    Records after;
};
Changes compare_sides(const Side& from, const Side& to) {
    Changes changes;
    std::set<std::string> architectures;
    for (const auto* set : from.sets) architectures.insert(set->architecture);
    for (const auto* set : to.sets) architectures.insert(set->architecture);
    for (const auto& architecture : architectures) {
        const SetEntry* old_set = from.find(architecture);
        const SetEntry* new_set = to.find(architecture);
        const bool both = old_set != nullptr && new_set != nullptr;
        if (both && old_set->chunks == new_set->chunks) continue;
        Changes own;
        add_own_records(from, architecture, chunk_digests(to, new_set), own.before);
        add_own_records(to, architecture, chunk_digests(from, old_set), own.after);
        if (!both) {
            drop_known_elsewhere(to, own.before);
            drop_known_elsewhere(from, own.after);
        }
        changes.before.merge(own.before);
        changes.after.merge(own.after);
    }
    return changes;
}

// What is removed and added under one name and architecture.
struct Group {
    std::vector<const Decision*> before;
    std::vector<const Decision*> after;
};

PackageDifference difference_of(const Decision* before, const Decision* after) {
    const Decision& any = after != nullptr ? *after : *before;
    PackageDifference found{Difference::added, any.format, any.dist, any.component, {}, {}};
    if (before != nullptr) found.before = before->record;
    if (after != nullptr) found.after = after->record;
    if (before == nullptr) return found;
    if (after == nullptr) {
        found.difference = Difference::removed;
        return found;
    }
    const int order = compare_versions(any.format, found.before->version, found.after->version);
    const bool same_content = found.before->content == found.after->content;
    found.difference = order < 0      ? Difference::upgraded
                       : order > 0    ? Difference::downgraded
                       : same_content ? Difference::resigned
                                      : Difference::rebuilt;
    return found;
}

const Decision* take_version(std::vector<const Decision*>& from, const std::string& version) {
    const auto found = std::find_if(from.begin(), from.end(), [&](const Decision* decision) {
        return decision->record.version == version;
    });
    if (found == from.end()) return nullptr;
    const Decision* decision = *found;
    from.erase(found);
    return decision;
}

void pair_group(Group group, std::vector<PackageDifference>& differences) {
    std::vector<const Decision*> alone;
    for (const auto* after : group.after) {
        const Decision* before = take_version(group.before, after->record.version);
        if (before != nullptr) differences.push_back(difference_of(before, after));
        if (before == nullptr) alone.push_back(after);
    }
    const auto newest_first = [](const Decision* a, const Decision* b) {
        return compare_versions(a->format, a->record.version, b->record.version) > 0;
    };
    std::sort(alone.begin(), alone.end(), newest_first);
    std::sort(group.before.begin(), group.before.end(), newest_first);
    for (std::size_t i = 0; i < std::max(alone.size(), group.before.size()); ++i) {
        differences.push_back(difference_of(i < group.before.size() ? group.before[i] : nullptr,
                                            i < alone.size() ? alone[i] : nullptr));
    }
}

std::vector<Decision> compare(const GenerationReader* from, const GenerationReader* to) {
    std::vector<Decision> decisions;
    for (const char* format : {"deb", "rpm"}) {
        for (const auto& [place, sides] : places_of(from, to, format)) {
            const Changes changes = compare_sides(sides.first, sides.second);
            std::map<std::string, Decision> found;
            const auto note = [&](Action action, const Records& own, const Records& other) {
                for (const auto& [name, record] : own) {
                    if (other.contains(name)) continue;
                    found[name] = {action, formats::parse_format(format), place.first, place.second, record};
                }
            };
            note(Action::removed, changes.before, changes.after);
            note(Action::added, changes.after, changes.before);
            for (auto& [name, decision] : found) decisions.push_back(std::move(decision));
        }
    }
    return decisions;
}

}  // namespace

std::vector<Decision> compare_generations(const GenerationReader& from, const GenerationReader& to) {
    return compare(&from, &to);
}

std::vector<Decision> everything_in(const GenerationReader& generation) {
    return compare(nullptr, &generation);
}

std::vector<PackageDifference> pair_changes(const std::vector<Decision>& decisions) {
    using Name = std::tuple<formats::Format, std::string, std::string, std::string, std::string>;
    std::map<Name, Group> groups;
    for (const auto& decision : decisions) {
        auto& group = groups[{decision.format, decision.dist, decision.component, decision.record.name,
                              decision.record.architecture}];
        (decision.action == Action::added ? group.after : group.before).push_back(&decision);
    }
    std::vector<PackageDifference> differences;
    for (auto& [name, group] : groups) pair_group(std::move(group), differences);
    return differences;
}

const char* difference_name(Difference difference) noexcept {
    switch (difference) {
        case Difference::added:
            return "added";
        case Difference::removed:
            return "removed";
        case Difference::upgraded:
            return "upgraded";
        case Difference::downgraded:
            return "downgraded";
        case Difference::rebuilt:
            return "rebuilt";
        case Difference::resigned:
            return "resigned";
    }
    return "added";
}

}  // namespace repotool::publisher
