// SPDX-License-Identifier: GPL-3.0-or-later
// What a repository has already: nobody asks again about what came in before. Private to this folder.
#pragma once

#include <memory>
#include <string>

#include "core/store/generation_reader.hpp"
#include "repotool/packages/candidate.hpp"
#include "repotool/policy/evidence.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

class Published {
public:
    // The current generation, which is opened when it is asked for.
    Published(fs::Filesystem& filesystem, std::string repository);
    ~Published();

    // In the package's own dist, signed since or not.
    bool has(const TestedPackage& package);
    // In each of the dist's sets, alone or merged with other metadata.
    bool has(const ExtraCandidate& extra);

private:
    WorkingSets& sets();

    fs::Filesystem& filesystem_;
    std::string repository_;
    std::unique_ptr<store::GenerationReader> current_;
    std::unique_ptr<WorkingSets> sets_;
};

// As policy knows it.
TestedPackage tested_package(const Candidate& candidate);

}  // namespace repotool::publisher
