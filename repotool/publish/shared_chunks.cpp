// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/shared_chunks.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

formats::PackageKind kind_of(const std::string& set_architecture) {
    switch (store::set_kind(set_architecture)) {
        case store::SetKind::source:
            return formats::PackageKind::source;
        case store::SetKind::udeb:
            return formats::PackageKind::udeb;
        case store::SetKind::debug:
            return formats::PackageKind::debug;
        default:
            return formats::PackageKind::binary;
    }
}

[[noreturn]] void throw_lost(const SharedChunk& chunk) {
    throw base::Error(base::ErrorKind::conflict, "publish", chunk.origin,
                      "packages that it shared with the repository have just been removed there",
                      "try again");
}

}  // namespace

Candidate to_candidate(const SetName& set, const store::Record& record, const std::string& origin) {
    Candidate candidate;
    candidate.format = set.format;
    candidate.kind = kind_of(set.architecture);
    candidate.record = record;
    candidate.file_name = fs::base_name(record.path);
    candidate.dist = set.dist;
    candidate.component = set.component;
    candidate.origin = origin;
    candidate.any_architecture =
        candidate.kind != formats::PackageKind::source &&
        record.architecture == (set.format == formats::Format::deb ? "all" : "noarch");
    return candidate;
}

std::vector<Candidate> read_shared(const store::GenerationReader* parent, const SharedChunk& chunk) {
    std::vector<Candidate> candidates;
    try {
        if (parent == nullptr) throw_lost(chunk);
        for (const auto& record : parent->records(chunk.reference))
            candidates.push_back(to_candidate(chunk.set, record, chunk.origin));
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::integrity) throw_lost(chunk);
        throw;
    }
    return candidates;
}

bool SharedPackages::is_shared(const SetName& set, const std::string& key) {
    const auto chunk = sets_.chunk_with(set, key);
    return chunk && std::any_of(chunks_.begin(), chunks_.end(), [&](const SharedChunk& shared) {
               return shared.set == set && shared.reference.sha256 == *chunk;
           });
}

bool SharedPackages::contains(formats::Format format, const std::string& dist, const std::string& key) {
    if (chunks_.empty()) return false;
    const auto names = sets_.names();
    return std::any_of(names.begin(), names.end(), [&](const SetName& set) {
        return set.format == format && set.dist == dist && is_shared(set, key);
    });
}

std::vector<SharedPackages::Version> SharedPackages::versions(const SetName& place,
                                                              const std::string& package) {
    std::vector<Version> found;
    if (chunks_.empty()) return found;
    for (const auto& set : sets_.names_beside(place)) {
        for (const auto& record : sets_.versions(set, package)) {
            if (is_shared(set, record_key(record)))
                found.push_back({record.version, record.architecture, kind_of(set.architecture)});
        }
    }
    return found;
}

}  // namespace repotool::publisher
