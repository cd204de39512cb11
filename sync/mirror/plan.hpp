// SPDX-License-Identifier: GPL-3.0-or-later
// What a mirror lacks of a generation, found by comparing manifest trees: digests of sets, then chunk lists,
// then records of the chunks that differ. No tree is walked, so the cost follows the change (I11).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "sync/mirror/index_join.hpp"

namespace repotool::sync {

struct Plan {
    std::vector<store::ContentFile> packages;   // below pool/: what no chunk that the mirror has names
    std::vector<store::ContentFile> metadata;   // below meta/: index files, manifest parts, chunks
    std::vector<store::ContentFile> expected;   // named by what is new, there already if the mirror is sound
    std::vector<store::TreeLink> shared_links;  // all of them: they are few
    std::uint64_t removed_packages = 0;         // records of the present generation that the wanted one lacks
    std::uint64_t present_packages = 0;         // records of the present generation
    // Of the metadata, by path: what need not be brought as a whole. Only for sources that are far away.
    std::map<std::string, IndexJoin> joins;
};

// `present`: the generation that the mirror serves now, or null for none. Throws base::Error (integrity)
// where either tree is damaged, naming the file.
Plan make_plan(const store::GenerationReader& wanted, const store::GenerationReader* present);

// What a plan costs a mirror, and what the mirror has.
struct PlanSummary {
    std::uint64_t files = 0;  // content-named files to bring; each takes an inode
    std::uint64_t bytes = 0;
    std::uint64_t packages = 0;  // of the files
    std::uint64_t removed_packages = 0;
    std::uint64_t present_packages = 0;
    std::optional<std::uint64_t> free_bytes{};   // empty: the mirror cannot say
    std::optional<std::uint64_t> free_inodes{};  // empty: the filesystem does not count them
};
PlanSummary summarize(const Plan& plan) noexcept;

}  // namespace repotool::sync
