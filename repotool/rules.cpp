// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "repotool/extra_text.hpp"
#include "repotool/placement.hpp"
#include "repotool/set_beginnings.hpp"
#include "repotool/versions.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::Record;
using store::record_key;

// The decisions of one request, each package once: what was added in one set and unchanged in another was
// added.
class Decisions {
public:
    void added(const SetName& set, const Record& record, const std::string& origin) {
        by_key_[key(set, record_key(record))] = {Action::added, set.format, set.dist,
                                                 set.component, record,     origin};
    }
    void unchanged(const SetName& set, const Record& record) {
        by_key_.try_emplace(key(set, record_key(record)),
                            Decision{Action::unchanged, set.format, set.dist, set.component, record, {}});
    }
    // A package that leaves under its own key, or for another file of the same name and version.
    void left(Action action, const SetName& set, const Record& record) {
        const auto own = by_key_.find(key(set, record_key(record)));
        const bool came_with_this = own != by_key_.end() && own->second.record.sha256 == record.sha256;
        const std::string name =
            came_with_this ? record_key(record) : record_key(record) + "\n" + record.sha256;
        by_key_[key(set, name)] = {action, set.format, set.dist, set.component, record, {}};
    }
    bool has_change() const {
        return std::any_of(by_key_.begin(), by_key_.end(),
                           [](const auto& decision) { return decision.second.action != Action::unchanged; });
    }
    std::vector<Decision> take() {
        std::vector<Decision> list;
        for (auto& [key, decision] : by_key_) list.push_back(std::move(decision));
        return list;
    }

private:
    using Key = std::tuple<formats::Format, std::string, std::string, std::string>;
    static Key key(const SetName& set, const std::string& name) {
        return {set.format, set.dist, set.component, name};
    }
    std::map<Key, Decision> by_key_;
};

// The candidates of one (format, dist, component).
class DistRules {
public:
    DistRules(WorkingSets& sets, const PreparedRequest& request, const RuleContext& context,
              Decisions& decisions, std::vector<const Candidate*> candidates)
        : sets_(sets),
          request_(request),
          context_(context),
          rules_(context.repository.rules),
          decisions_(decisions),
          candidates_(std::move(candidates)) {
        const Candidate& first = *candidates_.at(0);
        place_ = {first.format, first.dist, first.component, ""};
        for (const auto* candidate : candidates_) keys_.insert(record_key(candidate->record));
        // Lower versions first, so that a request may bring several.
        std::stable_sort(candidates_.begin(), candidates_.end(), [&](const auto* a, const auto* b) {
            return compare(a->record.version, b->record.version) < 0;
        });
    }

    void run() {
        for (const auto* candidate : candidates_) {
            for (const auto& set : targets(*candidate)) decide(*candidate, set);
        }
        for (const auto& set : sets_.names_beside(place_)) {
            if (rules_.supersede_obsolete) supersede_obsolete(set);
            if (const unsigned keep = versions_to_keep(); keep > 0) supersede_old(set, keep);
        }
    }

private:
    int compare(const std::string& a, const std::string& b) const {
        return compare_versions(place_.format, a, b);
    }
    SetName set_of(const std::string& architecture) const {
        return {place_.format, place_.dist, place_.component, architecture};
    }
    unsigned versions_to_keep() const {
        return request_.rules.keep_versions > 0 ? request_.rules.keep_versions
                                                : context_.repository.keep_versions;
    }

    std::vector<SetName> targets(const Candidate& candidate) const {
        if (!candidate.any_architecture) return {set_of(set_architecture(candidate))};
        std::vector<SetName> found;
        for (const auto& set : sets_.names_beside(place_)) {
            const std::string machine = store::machine_architecture(set.architecture);
            const bool is_source = store::set_kind(set.architecture) == store::SetKind::source;
            if (!is_source && set_architecture(candidate, machine) == set.architecture) found.push_back(set);
        }
        return found;
    }

    void decide(const Candidate& candidate, const SetName& set) {
        const auto existing = sets_.find(set, record_key(candidate.record));
        if (rules_.replace) supersede_other_versions(candidate, set);
        if (existing && existing->content == candidate.record.content) {
            decisions_.unchanged(set, *existing);
            return;
        }
        if (existing && !rules_.replace) {
            throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                        fmt::format("{} is published already with other content (published {}, this file {})",
                                    describe(candidate), existing->content, candidate.record.content),
                        "give the package a new version");
        }
        if (existing) decisions_.left(Action::superseded, set, *existing);
        if (!existing) check_downgrade(candidate, set);
        // Another set of the dist may have this very package, signed: the same name is the same file.
        const auto twin = find_published(sets_, candidate);
        const bool is_same = twin && twin->content == candidate.record.content;
        sets_.put(set, is_same ? *twin : candidate.record);
        decisions_.added(set, is_same ? *twin : candidate.record, candidate.origin);
    }

    void check_downgrade(const Candidate& candidate, const SetName& set) {
        if (rules_.downgrade || request_.rules.allow_downgrade) return;
        const auto refuse_below = [&](const Record& record, const std::string& where) {
            if (record.name != candidate.record.name) return;
            if (keys_.contains(record_key(record))) return;  // part of this very request
            if (compare(candidate.record.version, record.version) >= 0) return;
            throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                        fmt::format("{} is older than {}, which is published in {}", describe(candidate),
                                    record.version, where),
                        "publish a higher version, or allow it with --allow-downgrade");
        };
        for (const auto& record : sets_.versions(set, candidate.record.name))
            refuse_below(record, fmt::format("dist '{}'", set.dist));
        for (auto* sibling : context_.siblings) {
            for (const auto& record : sibling->versions(set, candidate.record.name))
                refuse_below(record, fmt::format("'{}'", sibling->parent()->manifest().repository));
        }
    }

    void supersede(const SetName& set, const Record& record) {
        sets_.erase(set, record_key(record));
        decisions_.left(Action::superseded, set, record);
    }

    // A repository that replaces shows the newest build of each name: versions that this request does not
    // bring go.
    void supersede_other_versions(const Candidate& candidate, const SetName& set) {
        for (const auto& record : sets_.versions(set, candidate.record.name)) {
            const bool is_other =
                record.architecture == candidate.record.architecture && !keys_.contains(record_key(record));
            if (is_other) supersede(set, record);
        }
    }

    // What a newer version of a source package does not build any more. Architectures are built apart: only
    // those that this request brings are judged, and what it brings itself stays.
    void supersede_obsolete(const SetName& set) {
        if (store::set_kind(set.architecture) == store::SetKind::source) return;
        std::map<std::pair<std::string, std::string>, std::string>
            newest;  // (source, architecture) → version
        std::set<std::string> sources;
        for (const auto* candidate : candidates_) {
            const Record& record = candidate->record;
            if (candidate->kind == formats::PackageKind::source || !sets_.find(set, record_key(record)))
                continue;
            auto& version = newest[{record.source, record.architecture}];
            if (version.empty() || compare(version, record.source_version) < 0)
                version = record.source_version;
            sources.insert(record.source);
        }
        if (sources.empty()) return;
        const auto binaries = sets_.built_from(set, sources);
        std::set<std::tuple<std::string, std::string, std::string>> built;  // source, its version, binary
        for (const auto& record : binaries) built.insert({record.source, record.source_version, record.name});
        for (const auto& record : binaries) {
            const auto version = newest.find({record.source, record.architecture});
            if (version == newest.end() || compare(record.source_version, version->second) >= 0) continue;
            if (keys_.contains(record_key(record))) continue;
            if (!built.contains({record.source, version->second, record.name})) supersede(set, record);
        }
    }

    void supersede_old(const SetName& set, unsigned keep) {
        std::set<std::pair<std::string, std::string>> touched;  // name, architecture
        for (const auto* candidate : candidates_) {
            if (sets_.find(set, record_key(candidate->record)))
                touched.insert({candidate->record.name, candidate->record.architecture});
        }
        for (const auto& [name, architecture] : touched) {
            auto versions = sets_.versions(set, name);
            std::erase_if(versions,
                          [&](const Record& record) { return record.architecture != architecture; });
            std::sort(versions.begin(), versions.end(),
                      [&](const Record& a, const Record& b) { return compare(a.version, b.version) > 0; });
            for (std::size_t i = keep; i < versions.size(); ++i) supersede(set, versions[i]);
        }
    }

    WorkingSets& sets_;
    const PreparedRequest& request_;
    const RuleContext& context_;
    const RepositoryRules& rules_;
    Decisions& decisions_;
    std::vector<const Candidate*> candidates_;
    SetName place_;
    std::set<std::string> keys_;
};

bool is_in(const PackagePattern& pattern, const SetName& set) {
    return (pattern.dist.empty() || pattern.dist == set.dist) &&
           (pattern.component.empty() || pattern.component == set.component);
}

void remove_matching(WorkingSets& sets, const PackagePattern& pattern, const PreparedRequest& request,
                     Decisions& decisions) {
    const bool is_plain = !pattern.name.empty() && pattern.name.find_first_of("*?[") == std::string::npos;
    bool found = false;
    for (const auto& set : sets.names()) {
        if (!is_in(pattern, set)) continue;
        for (const auto& record : is_plain ? sets.versions(set, pattern.name) : sets.all(set)) {
            if (!matches(pattern, record)) continue;
            found = true;
            sets.erase(set, record_key(record));
            decisions.left(Action::removed, set, record);
        }
    }
    if (!found) {
        throw Error(ErrorKind::usage, request.operation,
                    pattern.sha256.empty() ? pattern.name : pattern.sha256,
                    "no package of the repository matches", "repotool show lists what it has");
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

void add_extras(WorkingSets& sets, const PreparedRequest& request, const Config& config) {
    for (const auto& extra : request.extras) {
        if (const auto* dist = config.find_dist(extra.dist, formats::Format::rpm)) {
            for (const auto& architecture : dist->architectures)
                sets.begin({formats::Format::rpm, extra.dist, "", architecture});
        }
        for (const auto& set : sets.names_beside({formats::Format::rpm, extra.dist, "", ""})) {
            if (store::set_kind(set.architecture) != store::SetKind::binary) continue;
            const auto* published = sets.entry(set);
            if (published == nullptr || changes_extra(*sets.parent(), *published, extra))
                sets.add_extra(set, &extra);
        }
    }
}

Decisions apply(WorkingSets& sets, const PreparedRequest& request, const RuleContext& context) {
    Decisions decisions;
    begin_sets(sets, request.candidates, context.config);
    std::map<SetName, std::vector<const Candidate*>> places;
    for (const auto& candidate : request.candidates)
        places[{candidate.format, candidate.dist, candidate.component, ""}].push_back(&candidate);
    for (const auto& [place, candidates] : places)
        DistRules(sets, request, context, decisions, candidates).run();
    for (const auto& pattern : request.removals) remove_matching(sets, pattern, request, decisions);
    if (request.rules.is_exact) remove_others(sets, request, decisions);
    add_extras(sets, request, context.config);
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
    for (const auto& set : sets.names_beside({candidate.format, candidate.dist, candidate.component, ""})) {
        const std::string machine = store::machine_architecture(set.architecture);
        const bool fits = candidate.any_architecture
                              ? set_architecture(candidate, machine) == set.architecture
                              : set_architecture(candidate) == set.architecture;
        if (!fits) continue;
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
