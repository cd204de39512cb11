// SPDX-License-Identifier: GPL-3.0-or-later
// How what was built joins the transaction; private to the index builder.
#pragma once

#include <string>
#include <vector>

#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_writer.hpp"

namespace repotool::publisher {

IndexWriterOptions writer_options(formats::Format format, const BuildContext& context);

// A manifest part.
store::ContentReference stage_part(const BuildContext& context, const std::string& text);

// Adds the files to the transaction and to `entry`. Open texts of the parent's set that `entry` does not have
// leave the cache.
void stage_index_files(const SetPlan& plan, const BuildContext& context, const std::vector<IndexFile>& files,
                       store::SetEntry& entry);

}  // namespace repotool::publisher
