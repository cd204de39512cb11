// SPDX-License-Identifier: GPL-3.0-or-later
// Why a package is where it is: which operation brought it, whose, and from where; or what took it away.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "repotool/inspect/chronicle.hpp"
#include "repotool/packages/package_lookup.hpp"

namespace repotool::publisher {

// Something that happened to a repository.
struct Cause {
    std::uint64_t generation = 0;
    base::UnixSeconds time = 0;
    std::string operation;  // empty: known from manifests alone, as user, host, job and meta
    std::string user, host, job;
    std::map<std::string, std::string> meta;
};

// What a record says of one of its requests (store::HistoryRecord::requests), or of the only one.
Cause cause_of(const store::HistoryRecord& record, unsigned request);

// The same build, signed or not, in another repository.
struct Sighting {
    std::string repository;
    std::uint64_t generation = 0;  // that brought it there first
};

struct PackageProvenance {
    std::string format, dist, component, name, version, architecture;
    std::string sha256;
    std::string unsigned_sha256;  // that of the file where it was not signed here
    std::optional<Cause> since;   // empty: before what the chronicle tells
    std::string origin;           // the input file or repository@generation that it came from; may be empty
    std::optional<Cause> left;    // empty: it is there
    std::string action;           // of what took it away: superseded, removed; or the operation
    std::string successor;        // version that took its place; may be empty
    std::vector<Sighting> sightings;
};

struct RepositoryProvenance {
    std::string repository;
    std::optional<std::uint64_t> current;
    ChronicleSource source = ChronicleSource::history;
    std::vector<PackageProvenance> packages;  // what is there, then what is gone, the latest first
};

// For each of `repositories` that has or had such a package. Sightings are looked for in all repositories.
std::vector<RepositoryProvenance> explain(fs::Filesystem& filesystem, const PackageQuery& query,
                                          const std::vector<std::string>& repositories);

}  // namespace repotool::publisher
