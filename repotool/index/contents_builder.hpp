// SPDX-License-Identifier: GPL-3.0-or-later
// Builds Contents-<arch> of a package set from that of the parent and the paths of packages that come and go.
#pragma once

#include <vector>

#include "core/store/chunks.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_writer.hpp"

namespace repotool::publisher {

// Stages the chunk list and the frame table. `files` gets the staged index; nothing where no path changed and
// the parent's file has the wanted form: then that one stays.
BuiltContents build_contents(const SetPlan& plan, const BuildContext& context,
                             std::vector<WrittenIndex>& indexes);

}  // namespace repotool::publisher
