// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/provenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace repotool::publisher {
namespace {

using store::HistoryRecord;
using store::PackageChange;

// Whether a record makes a repository begin anew: what it held before has left.
bool is_end(const HistoryRecord& record) {
    return record.operation == "expire";
}

PackageProvenance package_of(const PackageChange& change) {
    PackageProvenance package;
    package.format = change.format;
    package.dist = change.dist;
    package.component = change.component;
    package.name = change.name;
    package.version = change.version;
    package.architecture = change.architecture;
    package.sha256 = change.sha256;
    package.unsigned_sha256 = change.unsigned_sha256.empty() ? change.sha256 : change.unsigned_sha256;
    package.origin = change.origin;
    return package;
}

PackageProvenance package_of(const store::SubManifest& sub_manifest, const store::SetEntry& set,
                             const store::Record& record) {
    return package_of({"added", sub_manifest.format, set.dist, record.name, record.version,
                       record.architecture, record.sha256, record.unsigned_sha256, set.component});
}

std::string successor_of(const HistoryRecord& record, const PackageChange& gone) {
    for (const auto& change : record.changes) {
        const bool same = change.action == "added" && change.name == gone.name && change.dist == gone.dist &&
                          change.format == gone.format && change.architecture == gone.architecture;
        if (same) return change.version;
    }
    return {};
}

using Place =
    std::tuple<std::string, std::string, std::string, std::string>;  // format, dist, component, digest
Place place_of(const PackageProvenance& package) {
    return {package.format, package.dist, package.component, package.sha256};
}
using Packages = std::map<Place, PackageProvenance>;

// The chronicle played from its beginning: what came, and what went again.
Packages replay(const Chronicle& chronicle, const PackageQuery& query) {
    Packages packages;
    for (auto record = chronicle.records.rbegin(); record != chronicle.records.rend(); ++record) {
        for (const auto& change : record->changes) {
            if (!query.matches(change.name, change.sha256, change.unsigned_sha256)) continue;
            PackageProvenance package = package_of(change);
            const Cause cause = cause_of(*record, change.request);
            auto& known = packages.try_emplace(place_of(package), package).first->second;
            if (change.action == "added") {
                known = package;
                known.since = cause;
            } else if (change.action == "removed" || change.action == "superseded") {
                known.left = cause;
                known.action = change.action;
                known.successor = successor_of(*record, change);
            }
        }
        if (!is_end(*record)) continue;
        for (auto& [place, package] : packages) {
            if (package.left) continue;
            package.left = cause_of(*record, 0);
            package.action = record->operation;
        }
    }
    return packages;
}

// What is there now, with what the chronicle knows of it; then the rest of what it knows.
RepositoryProvenance explain_one(fs::Filesystem& filesystem, const Chronicle& chronicle,
                                 const PackageQuery& query) {
    RepositoryProvenance found{chronicle.repository, chronicle.current, chronicle.source, {}};
    Packages known = replay(chronicle, query);
    if (chronicle.current) {
        const store::GenerationReader reader(filesystem, "public", chronicle.repository, *chronicle.current);
        std::set<Place> seen;
        for_each_match(reader, query, [&](const auto& sub_manifest, const auto& set, const auto& record) {
            PackageProvenance package = package_of(sub_manifest, set, record);
            const Place place = place_of(package);
            if (!seen.insert(place).second) return;
            if (const auto told = known.find(place); told != known.end() && !told->second.left) {
                package.since = told->second.since;
                package.origin = told->second.origin;
            }
            known.erase(place);
            found.packages.push_back(std::move(package));
        });
    }
    std::vector<PackageProvenance> gone;
    for (auto& [place, package] : known) {
        if (!package.left) {  // the repository is not there, and nothing says why
            package.left = cause_of(chronicle.records.front(), 0);
            package.action = "removed";
        }
        gone.push_back(std::move(package));
    }
    std::stable_sort(gone.begin(), gone.end(),
                     [](const auto& a, const auto& b) { return a.left->generation > b.left->generation; });
    std::move(gone.begin(), gone.end(), std::back_inserter(found.packages));
    return found;
}

// By the digest of the build: where it was first, in each repository.
using Sightings = std::map<std::string, std::vector<Sighting>>;
void note_sightings(const Chronicle& chronicle, Sightings& sightings) {
    std::set<std::string> seen;
    for (auto record = chronicle.records.rbegin(); record != chronicle.records.rend(); ++record) {
        for (const auto& change : record->changes) {
            const std::string& build =
                change.unsigned_sha256.empty() ? change.sha256 : change.unsigned_sha256;
            if (change.action == "added" && seen.insert(build).second)
                sightings[build].push_back({chronicle.repository, record->generation});
        }
    }
}

}  // namespace

Cause cause_of(const HistoryRecord& record, unsigned request) {
    Cause cause{record.generation, record.time, record.operation, record.user,
                record.host,       record.job,  record.meta};
    if (request < record.requests.size()) {
        const auto& asked = record.requests[request];
        cause.operation = asked.operation;
        cause.user = asked.user;
        cause.host = asked.host;
        cause.job = asked.job;
        cause.meta = asked.meta;
    }
    return cause;
}

std::vector<RepositoryProvenance> explain(fs::Filesystem& filesystem, const PackageQuery& query,
                                          const std::vector<std::string>& repositories) {
    std::vector<RepositoryProvenance> found;
    Sightings sightings;
    for (const auto& repository : list_known_repositories(filesystem)) {
        const Chronicle chronicle = read_chronicle(filesystem, repository);
        note_sightings(chronicle, sightings);
        if (std::find(repositories.begin(), repositories.end(), repository) == repositories.end()) continue;
        RepositoryProvenance provenance = explain_one(filesystem, chronicle, query);
        if (!provenance.packages.empty()) found.push_back(std::move(provenance));
    }
    for (auto& provenance : found) {
        for (auto& package : provenance.packages) {
            for (const auto& sighting : sightings[package.unsigned_sha256]) {
                if (sighting.repository != provenance.repository) package.sightings.push_back(sighting);
            }
        }
    }
    return found;
}

}  // namespace repotool::publisher
