// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the indexes of several package sets side by side: while one set's text is hashed, the next is
// written. Private to the index builder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_writer.hpp"
#include "repotool/index/parent_index.hpp"

namespace repotool::publisher {

struct SetJob {
    const SetPlan& plan;
    Descriptions descriptions = Descriptions::whole;
};

struct WrittenSet {
    std::vector<WrittenIndex> indexes;
    std::vector<std::size_t> rendered;  // places of the chunks whose text was not copied
};

// So many at once: each index has some open files and a thread that hashes.
inline constexpr std::size_t kSetsAtOnce = 4;

// One answer for each job, in their order. Each file is read back from the disk before its digest is
// believed. Throws DamagedText where the text cache is used and does not hold what it says.
std::vector<WrittenSet> write_sets(const std::vector<SetJob>& jobs, const BuildContext& context,
                                   TextCache cache);

std::uint64_t count_records(const SetPlan& plan);

}  // namespace repotool::publisher
