// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/dist_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "repotool/ingest/placement.hpp"
#include "repotool/packages/versions.hpp"
#include "repotool/publish/set_beginnings.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::Record;
using store::record_key;

// Builds that take each other's place in the set: a package may become one for any architecture, and back.
bool is_one_line(const SetName& set, const Record& a, const Record& b) {
    const auto is_own = [&](const Record& record) {
        return record.architecture == store::machine_architecture(set.architecture) ||
               is_any_architecture(set.format, record);
    };
    return a.architecture == b.architecture || (is_own(a) && is_own(b));
}

}  // namespace

DistRules::DistRules(WorkingSets& sets, const PreparedRequest& request, const RuleContext& context,
                     Brought& brought, Decisions& decisions, std::vector<const Candidate*> candidates)
    : sets_(sets),
      request_(request),
      context_(context),
      rules_(context.repository.rules),
      brought_(brought),
      decisions_(decisions),
      candidates_(std::move(candidates)) {
    const Candidate& first = *candidates_.at(0);
    place_ = {first.format, first.dist, first.component, ""};
    // Lower versions first, so that a request may bring several.
    std::stable_sort(candidates_.begin(), candidates_.end(), [&](const auto* a, const auto* b) {
        return compare(a->record.version, b->record.version) < 0;
    });
    collect_versions();
}

void DistRules::collect_versions() {
    std::set<std::string> names;
    for (const auto* candidate : candidates_) {
        const Record& record = candidate->record;
        versions_[{record.name, record.architecture, candidate->kind}].push_back(record.version);
        names.insert(record.name);
    }
    for (const auto& name : names) {
        for (auto& shared : brought_.shared.versions(place_, name))
            versions_[{name, shared.architecture, shared.kind}].push_back(std::move(shared.version));
    }
    for (auto& [key, versions] : versions_) {
        std::sort(versions.begin(), versions.end(),
                  [&](const auto& a, const auto& b) { return compare(a, b) > 0; });
        const auto equal = [&](const auto& a, const auto& b) { return compare(a, b) == 0; };
        versions.erase(std::unique(versions.begin(), versions.end(), equal), versions.end());
    }
}

void DistRules::run() {
    for (const auto* candidate : candidates_) {
        for (const auto& set : targets(*candidate)) decide(*candidate, set);
    }
    for (const auto& set : sets_.names_beside(place_)) {
        if (rules_.supersede_obsolete) supersede_obsolete(set);
        if (const unsigned keep = versions_to_keep(); keep > 0) supersede_old(set, keep);
    }
}

int DistRules::compare(const std::string& a, const std::string& b) const {
    return compare_versions(place_.format, a, b);
}

unsigned DistRules::versions_to_keep() const {
    return request_.rules.keep_versions > 0 ? request_.rules.keep_versions
                                            : context_.repository.keep_versions;
}

std::string DistRules::keep_reason() const {
    return fmt::format("keep_versions is {}", versions_to_keep());
}

bool DistRules::is_brought(const Record& record) const {
    const std::string key = record_key(record);
    return brought_.keys.contains({place_.format, place_.dist, key}) ||
           brought_.shared.contains(place_.format, place_.dist, key);
}

std::vector<SetName> DistRules::targets(const Candidate& candidate) const {
    if (!candidate.any_architecture)
        return {{place_.format, place_.dist, place_.component, set_architecture(candidate)}};
    std::vector<SetName> found;
    for (const auto& set : sets_.names_beside(place_)) {
        const std::string machine = store::machine_architecture(set.architecture);
        const bool is_source = store::set_kind(set.architecture) == store::SetKind::source;
        if (!is_source && set_architecture(candidate, machine) == set.architecture) found.push_back(set);
    }
    return found;
}

const std::vector<SetName>& DistRules::view(WorkingSets& sets, const SetName& set) {
    const auto [place, is_new] = views_.try_emplace({&sets, set});
    if (is_new) place->second = sets.names_in_view(set);
    return place->second;
}

void DistRules::decide(const Candidate& candidate, const SetName& set) {
    const auto existing = sets_.find(set, record_key(candidate.record));
    if (!existing && is_left_out(candidate))
        return decisions_.refused(set, candidate.record, candidate.origin, keep_reason());
    if (rules_.replace) supersede_other_versions(candidate, set);
    if (existing && existing->content == candidate.record.content)
        return decisions_.unchanged(set, *existing);
    resolve_conflicts(candidate, set);
    if (!existing) check_downgrade(candidate, set);
    put(candidate, set);
}

void DistRules::put(const Candidate& candidate, const SetName& set) {
    // Another set of the dist may have this very package, signed: the same name is the same file.
    const auto twin = find_published(sets_, candidate);
    const bool is_same = twin && twin->content == candidate.record.content;
    sets_.put(set, is_same ? *twin : candidate.record);
    decisions_.added(set, is_same ? *twin : candidate.record, candidate.origin);
}

// True where the request itself brings newer versions, as many as are kept: it is no downgrade then, and the
// same request comes to nothing when it is made again.
bool DistRules::is_left_out(const Candidate& candidate) const {
    const unsigned keep = versions_to_keep();
    const Record& record = candidate.record;
    const auto& versions = versions_.at({record.name, record.architecture, candidate.kind});
    return keep > 0 && versions.size() > keep && compare(record.version, versions[keep - 1]) < 0;
}

// The same version with other content, be it in another component or spelled differently: a client could
// install either.
void DistRules::resolve_conflicts(const Candidate& candidate, const SetName& set) {
    const Record& own = candidate.record;
    for (const auto& other : view(sets_, set)) {
        for (const auto& record : sets_.versions(other, own.name)) {
            const bool is_conflict = record.architecture == own.architecture &&
                                     record.content != own.content &&
                                     compare(record.version, own.version) == 0;
            if (!is_conflict) continue;
            if (!rules_.replace || decisions_.is_added(other, record)) refuse_conflict(candidate, record);
            supersede(other, record);
        }
    }
}

void DistRules::refuse_conflict(const Candidate& candidate, const Record& published) const {
    const std::string spelling = published.version == candidate.record.version
                                     ? std::string()
                                     : fmt::format(" as {}, which is the same version,", published.version);
    throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                fmt::format("{} is published already{} with other content (published {}, this file {})",
                            describe(candidate), spelling, published.content, candidate.record.content),
                "give the package a new version");
}

void DistRules::check_downgrade(const Candidate& candidate, const SetName& set) {
    if (rules_.downgrade || request_.rules.allow_downgrade) return;
    for (const auto& other : view(sets_, set)) {
        const std::string component = other.component == set.component ? "" : other.component;
        const std::string where =
            fmt::format("dist '{}'{}", set.dist, component.empty() ? "" : ", component '" + component + "'");
        for (const auto& record : sets_.versions(other, candidate.record.name)) {
            if (!decisions_.is_added(other, record)) refuse_below(candidate, record, where);
        }
    }
    for (auto* sibling : context_.siblings) {
        for (const auto& other : view(*sibling, set)) {
            for (const auto& record : sibling->versions(other, candidate.record.name)) {
                // What is brought along and was here before has refused this candidate above.
                if (!is_brought(record))
                    refuse_below(candidate, record,
                                 fmt::format("'{}'", sibling->parent()->manifest().repository));
            }
        }
    }
}

void DistRules::refuse_below(const Candidate& candidate, const Record& record,
                             const std::string& where) const {
    if (compare(candidate.record.version, record.version) >= 0) return;
    throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                fmt::format("{} is older than {}, which is published in {}", describe(candidate),
                            record.version, where),
                "publish a higher version, or allow it with --allow-downgrade");
}

void DistRules::supersede(const SetName& set, const Record& record) {
    sets_.erase(set, record_key(record));
    decisions_.left(Action::superseded, set, record);
}

// A repository that replaces shows the newest build of each name: versions that this request does not bring
// go.
void DistRules::supersede_other_versions(const Candidate& candidate, const SetName& set) {
    for (const auto& other : view(sets_, set)) {
        for (const auto& record : sets_.versions(other, candidate.record.name)) {
            if (is_one_line(set, record, candidate.record) && !is_brought(record)) supersede(other, record);
        }
    }
}

// What a newer version of a source package does not build any more. Architectures are built apart: only
// those that this request brings are judged, and what it brings itself stays.
void DistRules::supersede_obsolete(const SetName& set) {
    if (store::set_kind(set.architecture) == store::SetKind::source) return;
    std::set<std::string> sources;  // of what is new here; what was here before has superseded its own
    for (const auto* candidate : candidates_) {
        if (candidate->kind != formats::PackageKind::source && decisions_.is_added(set, candidate->record))
            sources.insert(candidate->record.source);
    }
    if (sources.empty()) return;
    std::map<std::pair<std::string, std::string>, std::string> newest;  // (source, architecture) → version
    for (const auto* candidate : candidates_) {
        const Record& record = candidate->record;
        if (candidate->kind == formats::PackageKind::source || !sources.contains(record.source) ||
            !sets_.find(set, record_key(record)))
            continue;
        auto& version = newest[{record.source, record.architecture}];
        if (version.empty() || compare(version, record.source_version) < 0) version = record.source_version;
    }
    const auto binaries = sets_.built_from(set, sources);
    demand_current_source(set, binaries);
    std::set<std::tuple<std::string, std::string, std::string>> built;  // source, its version, binary
    for (const auto& record : binaries) built.insert({record.source, record.source_version, record.name});
    for (const auto& record : binaries) {
        const auto version = newest.find({record.source, record.architecture});
        if (version == newest.end() || compare(record.source_version, version->second) >= 0) continue;
        if (is_brought(record)) continue;
        if (!built.contains({record.source, version->second, record.name})) supersede(set, record);
    }
}

// What an older version of a source package built must not come back beside the newer one, under a name that
// the newer one does not build.
void DistRules::demand_current_source(const SetName& set, const std::vector<Record>& binaries) const {
    if (rules_.downgrade || request_.rules.allow_downgrade) return;
    std::map<std::pair<std::string, std::string>, const Record*> newest;  // of what is not brought
    for (const auto& record : binaries) {
        if (is_brought(record)) continue;
        const Record*& other = newest[{record.source, record.architecture}];
        if (other == nullptr || compare(other->source_version, record.source_version) < 0) other = &record;
    }
    for (const auto* candidate : candidates_) {
        const Record& own = candidate->record;
        const auto published = newest.find({own.source, own.architecture});
        if (published == newest.end() || !decisions_.is_added(set, own)) continue;
        if (compare(own.source_version, published->second->source_version) >= 0) continue;
        throw Error(ErrorKind::policy, request_.operation, candidate->origin,
                    fmt::format("{} was built from {} {}, and {} {} is published in dist '{}' with {}",
                                describe(*candidate), own.source, own.source_version, own.source,
                                published->second->source_version, set.dist, published->second->name),
                    "publish what the newer source builds, or allow it with --allow-downgrade");
    }
}

void DistRules::supersede_old(const SetName& set, unsigned keep) {
    std::set<std::pair<std::string, std::string>> touched;  // name, architecture
    for (const auto* candidate : candidates_) {
        if (sets_.find(set, record_key(candidate->record)))
            touched.insert({candidate->record.name, candidate->record.architecture});
    }
    for (const auto& [name, architecture] : touched) {
        auto versions = sets_.versions(set, name);
        std::erase_if(versions, [&](const Record& record) { return record.architecture != architecture; });
        std::sort(versions.begin(), versions.end(),
                  [&](const Record& a, const Record& b) { return compare(a.version, b.version) > 0; });
        for (std::size_t i = keep; i < versions.size(); ++i) drop_old(set, versions[i]);
    }
}

// What came with this request was never there: it is not superseded, it is left out.
void DistRules::drop_old(const SetName& set, const Record& record) {
    if (!decisions_.is_added(set, record)) return supersede(set, record);
    sets_.erase(set, record_key(record));
    const auto others = sets_.names_beside(set);
    const bool is_elsewhere = std::any_of(others.begin(), others.end(), [&](const SetName& other) {
        return sets_.find(other, record_key(record)).has_value();
    });
    if (!is_elsewhere) decisions_.withdraw(set, record, keep_reason());
}

}  // namespace repotool::publisher
