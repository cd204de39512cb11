// SPDX-License-Identifier: GPL-3.0-or-later
// Steps 5 (end) and 6: Release and repomd.xml around the indexes, their signatures, the manifest tree, and
// the staged tree.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/manifest.hpp"
#include "core/store/transaction.hpp"
#include "repotool/config/config.hpp"
#include "repotool/index/index_builder.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

struct GenerationRequest {
    std::string repository;
    std::uint64_t number = 0;
    base::UnixSeconds date = 0;
    const store::GenerationReader* parent = nullptr;  // may be null
    std::vector<store::SubManifest> sub_manifests;    // with their sets; pointers are filled in here
};

struct StagedGeneration {
    store::Manifest manifest;
    std::string manifest_text;
    std::string manifest_sha256;
    std::vector<store::SubManifest> sub_manifests;
    const store::GenerationReader* parent = nullptr;  // may be null
};

// `signer` may be null: an unsigned repository.
StagedGeneration stage_generation(store::Transaction& transaction, GenerationRequest request,
                                  const Config& config, signing::Signer* signer);

// What the mirrorlist of an RPM set says: where this very generation is. Empty where the site has no address.
std::string mirrorlist_text(const Config& config, const std::string& repository, std::uint64_t generation,
                            const store::SetEntry& set);

// The parent's sub-manifests with `built` in place of what they replace.
std::vector<store::SubManifest> merge_sets(const store::GenerationReader* parent,
                                           const std::vector<BuiltSet>& built);

}  // namespace repotool::publisher
