// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/parent_index.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kRun = std::size_t{256} << 10U;

}  // namespace

std::optional<std::size_t> ParentIndex::find(formats::Compression compression) const {
    const auto found = std::find_if(stored.begin(), stored.end(),
                                    [&](const StoredIndex& one) { return one.compression() == compression; });
    if (found == stored.end()) return std::nullopt;
    return static_cast<std::size_t>(found - stored.begin());
}

void ParentIndex::for_each_frame(std::size_t place, std::size_t first, std::size_t end,
                                 const std::function<void(std::string_view)>& take) const {
    const auto& parts = text->map().parts;
    while (first < end) {
        std::size_t stop = first;
        const std::string bytes = stored[place].frames(first, end, kRun, stop);
        std::string_view rest = bytes;
        for (; first < stop; ++first) {
            const auto frame = rest.substr(0, stored[place].frame_size(first));
            rest.remove_prefix(frame.size());
            if (base::checksum64(frame) != parts.at(first).frames.at(place)) {
                throw base::Error(base::ErrorKind::integrity, "read", paths[place],
                                  fmt::format("its part {} is not what was published", first),
                                  "nothing was published; repotool verify --full shows what else is damaged");
            }
            take(frame);
        }
    }
}

void ParentIndex::tell(TextUpdate& update) const {
    update.parent = digest;
    update.before = cached;
    for (const auto& pack : unpacked) {
        if (std::find(update.kept.begin(), update.kept.end(), pack.name) != update.kept.end())
            update.staged.insert(update.staged.begin(), pack);
    }
}

std::optional<ParentIndex> open_parent_index(const BuildContext& context, const store::SetEntry& set,
                                             const store::FrameTable& table, const std::string& name,
                                             base::ShaDigests digests, TextCache cache) {
    const store::IndexFrames* frames = table.find(name);
    const store::IndexEntry* text = set.find_index(name, "none");
    if (frames == nullptr || text == nullptr) return std::nullopt;
    ParentIndex parent;
    std::vector<const store::IndexEntry*> entries;
    for (const auto& entry : set.indexes) {
        if (entry.name != name || entry.compression == "none") continue;
        parent.paths.push_back(context.parent->path_of(store::layout::meta(context.repository) + "/" +
                                                       store::index_path(set, entry)));
        parent.stored.emplace_back(context.filesystem.open_read(parent.paths.back()), entry.compression,
                                   *frames);
        entries.push_back(&entry);
    }
    if (parent.stored.empty()) return std::nullopt;
    PublishedIndex published{*frames, *text, {}, std::move(entries)};
    for (const auto& stored : parent.stored) published.stored.push_back(&stored);
    parent.digest = text->sha256;
    parent.cached.push_back(text->sha256);
    const std::string directory = store::layout::text_directory(context.repository);
    if (cache == TextCache::use) parent.text = open_cached_text(context.filesystem, directory, published);
    if (parent.text) {
        const auto& packs = parent.text->map().packs;
        parent.cached.insert(parent.cached.end(), packs.begin(), packs.end());
    } else {
        StagedText unpacked;
        parent.text =
            unpack_text(context.filesystem, context.transaction.fresh_path(), published, digests, unpacked);
        parent.unpacked.push_back(std::move(unpacked));
    }
    return parent;
}

}  // namespace repotool::publisher
