// SPDX-License-Identifier: GPL-3.0-or-later
// What a mirror lacks of a generation, found by comparing manifest trees: digests of sets, then chunk lists,
// then records of the chunks that differ. No tree is walked, so the cost follows the change (I11).
#pragma once

#include <cstdint>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"

namespace repotool::sync {

struct Plan {
    std::vector<store::ContentFile> packages;   // below pool/: what no chunk that the mirror has names
    std::vector<store::ContentFile> metadata;   // below meta/: index files, manifest parts, chunks
    std::vector<store::ContentFile> expected;   // named by what is new, there already if the mirror is sound
    std::vector<store::TreeLink> shared_links;  // all of them: they are few
};

// `present`: the generation that the mirror serves now, or null for none. Throws base::Error (integrity)
// where either tree is damaged, naming the file.
Plan make_plan(const store::GenerationReader& wanted, const store::GenerationReader* present);

// Bytes of all files that the plan may have to bring.
std::uint64_t planned_bytes(const Plan& plan) noexcept;

}  // namespace repotool::sync
