// SPDX-License-Identifier: GPL-3.0-or-later
// RPM metadata that is passed through (updateinfo, comps, modules, …): merged with what the set had, stored
// beside its indexes (docs/FORMAT.md §5.6).
#pragma once

#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "repotool/index/index_builder.hpp"

namespace repotool::publisher {

// What the set has after this plan, sorted by type; new files are staged. What the parent has stays
// (ParentExtras::keep), in the compression that is asked for now. Throws base::Error (input) where two texts
// cannot be merged.
std::vector<store::ExtraEntry> build_extras(const SetPlan& plan, const BuildContext& context);

// The open text of the file at `path`. Throws base::Error (integrity) where it is not what `extra` says.
std::string read_extra_text(fs::Filesystem& filesystem, const std::string& path,
                            const store::ExtraEntry& extra);

// True where the stored form of `extra` is another than these settings ask for.
bool has_other_form(const store::ExtraEntry& extra, const MetadataConfig& metadata);

}  // namespace repotool::publisher
