// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/set_beginnings.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/store/names.hpp"
#include "repotool/ingest/placement.hpp"

namespace repotool::publisher {
namespace {

using Names = std::set<SetName>;

std::string with_machine(store::SetKind kind, const std::string& machine) {
    switch (kind) {
        case store::SetKind::source:
            return "source";
        case store::SetKind::udeb:
            return "udeb-" + machine;
        case store::SetKind::debug:
            return machine + "-debug";
        default:
            return machine;
    }
}

void add_candidate(Names& names, const Candidate& candidate, const Config& config) {
    SetName name{candidate.format, candidate.dist, candidate.component, set_architecture(candidate)};
    if (!candidate.any_architecture) {
        names.insert(name);
        return;
    }
    const auto* dist = config.find_dist(candidate.dist, candidate.format);
    if (dist == nullptr) return;
    for (const auto& architecture : dist->architectures) {
        name.architecture = set_architecture(candidate, architecture);
        names.insert(name);
    }
}

void add_configured_architectures(Names& names, const Config& config) {
    for (const auto& name : Names(names)) {
        const auto* dist = config.find_dist(name.dist, name.format);
        const auto kind = store::set_kind(name.architecture);
        if (dist == nullptr || kind == store::SetKind::source) continue;
        for (const auto& architecture : dist->architectures)
            names.insert({name.format, name.dist, name.component, with_machine(kind, architecture)});
    }
}

// What `components:` of a dist names is there for clients, be it empty. A test repository has what was
// published.
void add_configured_components(Names& names, const Config& config, const RepositoryRules& rules) {
    if (rules.replace) return;
    for (const auto& name : Names(names)) {
        const auto* dist = config.find_dist(name.dist, name.format);
        const bool is_asked_for = store::set_kind(name.architecture) == store::SetKind::binary;
        if (dist == nullptr || name.format != formats::Format::deb || !is_asked_for) continue;
        for (const auto& component : dist->components)
            names.insert({name.format, name.dist, component, name.architecture});
    }
}

// Sets of the installer are not asked for by apt.
void make_components_equal(Names& names) {
    std::map<std::string, std::set<std::string>> components;
    for (const auto& name : names) {
        if (name.format == formats::Format::deb) components[name.dist].insert(name.component);
    }
    for (const auto& name : Names(names)) {
        const auto dist = components.find(name.dist);
        const bool is_asked_for = store::set_kind(name.architecture) != store::SetKind::udeb;
        if (name.format != formats::Format::deb || !is_asked_for) continue;
        for (const auto& component : dist->second)
            names.insert({name.format, name.dist, component, name.architecture});
    }
}

void add_configured(Names& names, const Config& config, const RepositoryRules& rules) {
    add_configured_architectures(names, config);
    add_configured_components(names, config, rules);
    make_components_equal(names);
}

void begin(WorkingSets& sets, const SetName& name) {
    const auto others = sets.names_beside(name);
    sets.begin(name);
    const auto kind = store::set_kind(name.architecture);
    if (kind == store::SetKind::source) return;
    for (const auto& other : others) {
        if (store::set_kind(other.architecture) != kind) continue;
        for (const auto& record : sets.all(other)) {
            if (is_any_architecture(name.format, record)) sets.put(name, record);
        }
        return;  // every set of the dist has them all
    }
}

}  // namespace

void begin_sets(WorkingSets& sets, const std::vector<Candidate>& candidates, const Config& config,
                const RepositoryRules& rules) {
    const auto present = sets.names();
    Names wanted(present.begin(), present.end());
    for (const auto& candidate : candidates) add_candidate(wanted, candidate, config);
    add_configured(wanted, config, rules);
    for (const auto& name : present) wanted.erase(name);
    for (const auto& name : wanted) begin(sets, name);
}

std::vector<SetName> missing_sets(const std::vector<SetName>& present, const Config& config,
                                  const RepositoryRules& rules) {
    Names wanted(present.begin(), present.end());
    add_configured(wanted, config, rules);
    for (const auto& name : present) wanted.erase(name);
    return {wanted.begin(), wanted.end()};
}

bool is_any_architecture(formats::Format format, const store::Record& record) {
    return record.architecture == (format == formats::Format::deb ? "all" : "noarch");
}

}  // namespace repotool::publisher
