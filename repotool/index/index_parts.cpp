// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_parts.hpp"

#include "core/base/error.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {

using store::GenerationReader;
using store::IndexEntry;
using store::SetEntry;

StoredIndex open_index(const GenerationReader& reader, const SetEntry& set, const IndexEntry& index,
                       const store::FrameTable& table) {
    const std::string path =
        store::layout::meta(reader.manifest().repository) + "/" + store::index_path(set, index);
    const store::IndexFrames* frames = table.find(index.name);
    if (frames == nullptr)
        throw base::Error(base::ErrorKind::integrity, "read", path,
                          "no frame table tells where its parts are");
    return {reader.filesystem().open_read(reader.path_of(path)), index.compression, *frames};
}

void for_each_chunk_text(const GenerationReader& reader, const SetEntry& set, const std::string& name,
                         const std::function<void(const std::string&)>& visit) {
    for (const auto& index : set.indexes) {
        if (index.name != name || index.compression == "none") continue;
        const StoredIndex stored = open_index(reader, set, index, reader.frame_table(set));
        for (std::size_t part = 1; part + 1 < stored.parts(); ++part) visit(stored.text(part));
        return;  // the other compressions hold the same
    }
}

}  // namespace repotool::publisher
