// SPDX-License-Identifier: GPL-3.0-or-later
// Opens an index of the parent generation, so that its unchanged parts can be copied; private to the index
// builder.
#pragma once

#include <optional>
#include <string>

#include "core/store/manifest.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_writer.hpp"

namespace repotool::publisher {

// Index `name` of the parent's `set`; empty where the set or `table` does not have it. Its stored files are
// compared with their digests first. Throws base::Error (integrity) where they differ.
std::optional<ParentIndex> open_parent_index(const BuildContext& context, const store::SetEntry& set,
                                             const store::FrameTable& table, const std::string& name);

}  // namespace repotool::publisher
