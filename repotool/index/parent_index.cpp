// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/parent_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

void check_parent_file(fs::File& file, const std::string& path, const std::string& sha256) {
    const std::string found = fs::digest_file(file).sha256;
    if (found == sha256) return;
    throw base::Error(base::ErrorKind::integrity, "read", path,
                      fmt::format("expected digest {}, found {}", sha256, found),
                      "nothing was published; repotool verify --full shows what else is damaged");
}

// The open text from the cache; null where it is not there. Another repository with the same text may drop it
// at any moment.
std::unique_ptr<fs::File> open_cached_text(fs::Filesystem& filesystem, const store::IndexEntry& text) {
    try {
        auto file = filesystem.open_read(store::layout::open_text(text.sha256));
        return file->status().size == text.size ? std::move(file) : nullptr;
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
        return nullptr;
    }
}

std::unique_ptr<fs::File> unpack_parent_text(const BuildContext& context, const store::IndexEntry& text,
                                             const StoredIndex& stored) {
    const std::string path = context.transaction.fresh_path();
    HashedFile unpacked(context.filesystem, path, 0600, IndexDigests::sha256);
    stored.unpack(text.size, [&](std::string_view part) { unpacked.write(part); });
    store::IndexEntry found;
    unpacked.finish(context.date, found);
    if (found.sha256 != text.sha256) {
        throw base::Error(base::ErrorKind::integrity, "unpack", text.name,
                          "a published index is not what its manifest says", "repotool verify says which");
    }
    return context.filesystem.open_read(path);
}

struct StoredName {
    std::string path;
    std::string sha256;
};

std::pair<std::vector<StoredIndex>, std::vector<StoredName>> open_stored(const BuildContext& context,
                                                                         const store::SetEntry& set,
                                                                         const store::IndexFrames& frames) {
    std::vector<StoredIndex> stored;
    std::vector<StoredName> names;
    for (const auto& entry : set.indexes) {
        if (entry.name != frames.name || entry.compression == "none") continue;
        const std::string path = context.parent->path_of(store::layout::meta(context.repository) + "/" +
                                                         store::index_path(set, entry));
        stored.emplace_back(context.filesystem.open_read(path), entry.compression, frames);
        names.push_back({path, entry.sha256});
    }
    return {std::move(stored), std::move(names)};
}

}  // namespace

std::optional<ParentIndex> open_parent_index(const BuildContext& context, const store::SetEntry& set,
                                             const store::FrameTable& table, const std::string& name) {
    const store::IndexFrames* frames = table.find(name);
    const store::IndexEntry* text = set.find_index(name, "none");
    if (frames == nullptr || text == nullptr) return std::nullopt;
    auto [stored, names] = open_stored(context, set, *frames);
    if (stored.empty()) return std::nullopt;
    auto file = open_cached_text(context.filesystem, *text);
    if (!file) file = unpack_parent_text(context, *text, stored.front());
    // Each gzip frame's trailer is compared with the text.
    const bool proven_by_gzip = std::any_of(stored.begin(), stored.end(), [](const StoredIndex& one) {
        return one.compression() == formats::Compression::gz;
    });
    if (!proven_by_gzip) check_parent_file(*file, "private/text/" + text->sha256, text->sha256);
    ParentIndex parent{FileParts(std::move(file), 0, frames->text), std::move(stored), {}};
    for (std::size_t i = 0; i < names.size(); ++i)
        parent.proofs.push_back(
            std::make_unique<ParentProof>(parent.stored[i], names[i].path, names[i].sha256));
    return parent;
}

}  // namespace repotool::publisher
