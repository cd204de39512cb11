// SPDX-License-Identifier: GPL-3.0-or-later
// The text of a published set's index, chunk by chunk, as clients read it; for who looks at what is
// published.
#pragma once

#include <functional>
#include <string>

#include "core/store/generation_reader.hpp"
#include "repotool/index/stored_index.hpp"

namespace repotool::publisher {

// One compression of one index. Throws base::Error (integrity) where no frame table has it.
StoredIndex open_index(const store::GenerationReader& reader, const store::SetEntry& set,
                       const store::IndexEntry& index, const store::FrameTable& table);

// All text of the index `name` between its header and its footer. Nothing where the set has no such index.
void for_each_chunk_text(const store::GenerationReader& reader, const store::SetEntry& set,
                         const std::string& name, const std::function<void(const std::string&)>& visit);

}  // namespace repotool::publisher
