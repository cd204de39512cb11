// SPDX-License-Identifier: GPL-3.0-or-later
// What is different between two generations, by their chunk lists: costs what differs, not what there is.
#pragma once

#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/selection.hpp"

namespace repotool::publisher {

// added: in `to` and not in `from`; removed: the other way round. A package in several architectures' sets is
// named once.
std::vector<Decision> compare_generations(const store::GenerationReader& from,
                                          const store::GenerationReader& to);

}  // namespace repotool::publisher
