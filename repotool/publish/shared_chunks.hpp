// SPDX-License-Identifier: GPL-3.0-or-later
// Chunks that a source of a promote, copy or merge has in common with the repository (I11): what is in them
// is published already, under the same paths, so none of it is read, compared or told of. Found before the
// lock; under it, chunks that the repository has lost since become candidates like all others.
#pragma once

#include <string>
#include <vector>

#include "core/store/chunks.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/packages/candidate.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

struct SharedChunk {
    SetName set;
    store::ChunkReference reference;
    std::string origin;  // repository@generation
};

// Smaller sets are compared in full, so that the answer lists each of their packages.
constexpr std::uint64_t kLargestListedSet = 1000;  // packages

// Where a package of a published set comes from, as a candidate for the same dist and component.
Candidate to_candidate(const SetName& set, const store::Record& record, const std::string& origin);

// What is in `chunk`, which the repository of `parent` had in this or an earlier generation. Throws
// base::Error (conflict) where it, or the repository (null), is gone.
std::vector<Candidate> read_shared(const store::GenerationReader* parent, const SharedChunk& chunk);

// Whether the package with this key is in one of the chunks.
class SharedPackages {
public:
    // Both outlive this object.
    SharedPackages(WorkingSets& sets, const std::vector<SharedChunk>& chunks)
        : sets_(sets), chunks_(chunks) {}

    bool contains(formats::Format format, const std::string& dist, const std::string& key);
    // Versions of `package` there, in sets of this format, dist and component, with architecture and kind.
    struct Version {
        std::string version;
        std::string architecture;
        formats::PackageKind kind;
    };
    std::vector<Version> versions(const SetName& place, const std::string& package);

private:
    bool is_shared(const SetName& set, const std::string& key);

    WorkingSets& sets_;
    const std::vector<SharedChunk>& chunks_;
};

}  // namespace repotool::publisher
