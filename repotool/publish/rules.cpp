// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/rules.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/placement.hpp"
#include "repotool/publish/decisions.hpp"
#include "repotool/publish/dist_rules.hpp"
#include "repotool/publish/extra_text.hpp"
#include "repotool/publish/set_beginnings.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::Record;
using store::record_key;

bool is_in(const PackagePattern& pattern, const SetName& set) {
    return (pattern.dist.empty() || pattern.dist == set.dist) &&
           (pattern.component.empty() || pattern.component == set.component);
}

using Match = std::pair<SetName, Record>;

std::vector<Match> find_matching(WorkingSets& sets, const PackagePattern& pattern) {
    const bool is_plain = !pattern.name.empty() && pattern.name.find_first_of("*?[") == std::string::npos;
    std::vector<Match> found;
    for (const auto& set : sets.names()) {
        if (!is_in(pattern, set)) continue;
        for (const auto& record : is_plain ? sets.versions(set, pattern.name) : sets.all(set)) {
            if (matches(pattern, record)) found.emplace_back(set, record);
        }
    }
    return found;
}

// All patterns speak of what is there now: two may name the same package.
void remove_matching(WorkingSets& sets, const PreparedRequest& request, Decisions& decisions) {
    std::vector<Match> all;
    for (const auto& pattern : request.removals) {
        const auto found = find_matching(sets, pattern);
        if (found.empty())
            throw Error(ErrorKind::usage, request.operation, to_text(pattern),
                        "no package of the repository matches", "repotool show lists what it has");
        all.insert(all.end(), found.begin(), found.end());
    }
    for (const auto& [set, record] : all) {
        sets.erase(set, record_key(record));
        decisions.left(Action::removed, set, record);
    }
}

// Merge: the repository holds what the request brings and nothing else.
void remove_others(WorkingSets& sets, const PreparedRequest& request, Decisions& decisions) {
    std::set<std::tuple<formats::Format, std::string, std::string, std::string>> wanted;
    for (const auto& candidate : request.candidates)
        wanted.insert({candidate.format, candidate.dist, candidate.component, record_key(candidate.record)});
    for (const auto& set : sets.names()) {
        for (const auto& record : sets.all(set)) {
            if (wanted.contains({set.format, set.dist, set.component, record_key(record)})) continue;
            sets.erase(set, record_key(record));
            decisions.left(Action::removed, set, record);
        }
    }
}

void begin_sets_for_extras(WorkingSets& sets, const PreparedRequest& request, const Config& config) {
    for (const auto& extra : request.extras) {
        const auto* dist = config.find_dist(extra.dist, formats::Format::rpm);
        if (dist == nullptr) continue;
        for (const auto& architecture : dist->architectures)
            sets.begin({formats::Format::rpm, extra.dist, "", architecture});
    }
}

bool has_extras(const SetName& set) {
    return set.format == formats::Format::rpm && store::set_kind(set.architecture) == store::SetKind::binary;
}

void add_extras(WorkingSets& sets, const PreparedRequest& request) {
    for (const auto& extra : request.extras) {
        for (const auto& set : sets.names_beside({formats::Format::rpm, extra.dist, "", ""})) {
            if (!has_extras(set)) continue;
            const auto* published = sets.entry(set);
            if (published == nullptr || sets.has_extra_edits(set) ||
                changes_extra(*sets.parent(), *published, extra))
                sets.add_extra(set, &extra);
        }
    }
}

// Merge: each set has the metadata of the request's sources and no other.
void set_extras(WorkingSets& sets, const PreparedRequest& request) {
    for (const auto& set : sets.names()) {
        if (!has_extras(set)) continue;
        std::vector<const ExtraCandidate*> extras;
        for (const auto& extra : request.extras) {
            if (extra.dist == set.dist) extras.push_back(&extra);
        }
        const auto* published = sets.entry(set);
        const bool is_so = published == nullptr ? extras.empty() : has_exactly(*published, extras);
        if (!is_so || sets.has_extra_edits(set)) sets.replace_extras(set, extras);
    }
}

Decisions apply(WorkingSets& sets, const PreparedRequest& request, const RuleContext& context) {
    Decisions decisions;
    begin_sets(sets, request.candidates, context.config, context.repository.rules);
    std::map<SetName, std::vector<const Candidate*>> places;
    for (const auto& candidate : request.candidates)
        places[{candidate.format, candidate.dist, candidate.component, ""}].push_back(&candidate);
    Brought brought{{}, SharedPackages(sets, request.shared)};
    for (const auto& candidate : request.candidates)
        brought.keys.insert({candidate.format, candidate.dist, record_key(candidate.record)});
    for (const auto& [place, candidates] : places)
        DistRules(sets, request, context, brought, decisions, candidates).run();
    remove_matching(sets, request, decisions);
    if (request.rules.is_exact) remove_others(sets, request, decisions);
    begin_sets_for_extras(sets, request, context.config);
    if (request.rules.is_exact)
        set_extras(sets, request);
    else
        add_extras(sets, request);
    return decisions;
}

}  // namespace

std::vector<Decision> apply_request(WorkingSets& sets, const PreparedRequest& request,
                                    const RuleContext& context) {
    const WorkingSets::Mark before = sets.mark();
    try {
        Decisions decisions = apply(sets, request, context);
        // Nothing but unchanged packages: no set changes, also where a configured architecture has no set
        // yet.
        const bool is_idle = sets.parent() != nullptr && !request.rules.is_refresh &&
                             !decisions.has_change() && !sets.has_extras_since(before);
        if (is_idle) sets.restore(before);
        return decisions.take();
    } catch (...) {
        sets.restore(before);
        throw;
    }
}

std::optional<store::Record> find_published(WorkingSets& sets, const Candidate& candidate) {
    const auto machine_of = [](const std::string& architecture) {
        return store::machine_architecture(architecture);
    };
    for (const auto& set : sets.names_beside({candidate.format, candidate.dist, candidate.component, ""})) {
        const std::string machine = machine_of(set.architecture);
        const std::string wanted =
            candidate.any_architecture ? set_architecture(candidate, machine) : set_architecture(candidate);
        // Debug packages of RPM dists may have come before they were kept apart, or after.
        const bool is_debug = candidate.kind == formats::PackageKind::debug &&
                              machine_of(wanted) == machine &&
                              store::set_kind(set.architecture) != store::SetKind::source;
        if (wanted != set.architecture && !is_debug) continue;
        if (auto record = sets.find(set, record_key(candidate.record))) return record;
    }
    return std::nullopt;
}

std::vector<std::string> sibling_names(const std::string& repository, const RepositoryConfig& config,
                                       const std::function<std::vector<std::string>()>& list_existing) {
    static const std::set<std::string> kProductParts{"os", "proposed", "updates", "security", "holdback"};
    const std::string product = fs::parent_path(repository);
    const bool is_part = !product.empty() && kProductParts.contains(fs::base_name(repository));
    if (config.siblings.empty() && !is_part) return {};
    const auto is_sibling = [&](const std::string& name) {
        if (config.siblings.empty())
            return fs::parent_path(name) == product && kProductParts.contains(fs::base_name(name));
        return std::any_of(config.siblings.begin(), config.siblings.end(),
                           [&](const auto& pattern) { return base::matches_glob(pattern, name); });
    };
    std::vector<std::string> names = list_existing();
    std::erase_if(names, [&](const std::string& name) { return name == repository || !is_sibling(name); });
    return names;
}

}  // namespace repotool::publisher
