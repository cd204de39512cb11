// SPDX-License-Identifier: GPL-3.0-or-later
// An index of the parent generation, whose unchanged parts can be copied. Each is proven by its checksum
// while it is copied: damage must not be passed on, least of all signed. Private to the index builder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/manifest.hpp"
#include "repotool/index/cached_text.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/index/stored_index.hpp"
#include "repotool/index/text_writer.hpp"

namespace repotool::publisher {

struct ParentIndex {
    std::unique_ptr<CachedText> text;
    std::vector<StoredIndex> stored;  // in the order of the map's compressions
    std::vector<std::string> paths;   // of `stored`
    std::string digest;               // of the text
    std::vector<std::string> cached;  // names that it has in the cache
    std::vector<StagedText> unpacked;

    std::optional<std::size_t> find(formats::Compression compression) const;
    // The frames of parts [first, end). Throws base::Error (integrity) where one is not what was published.
    void for_each_frame(std::size_t place, std::size_t first, std::size_t end,
                        const std::function<void(std::string_view)>& take) const;
    // Adds what the parent's text had, and what was unpacked, as far as the new text needs it.
    void tell(TextUpdate& update) const;
};

enum class TextCache { use, unpack_again };

// Index `name` of the parent's `set`; empty where the set or `table` does not have it. Throws base::Error
// (integrity) where its text has to be unpacked and is not what the manifest says.
std::optional<ParentIndex> open_parent_index(const BuildContext& context, const store::SetEntry& set,
                                             const store::FrameTable& table, const std::string& name,
                                             base::ShaDigests digests, TextCache cache);

}  // namespace repotool::publisher
