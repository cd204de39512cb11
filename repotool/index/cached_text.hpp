// SPDX-License-Identifier: GPL-3.0-or-later
// The open text of an index of the parent generation, by its parts: from the cache, or unpacked from the
// published files where the cache does not have it; private to the index builder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/sha_stream.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/text_map.hpp"
#include "repotool/index/stored_index.hpp"
#include "repotool/index/text_update.hpp"

namespace repotool::publisher {

// What the cache says of a part is not what it holds. Unpacking the published index helps.
class DamagedText : public base::Error {
public:
    explicit DamagedText(const std::string& pack)
        : Error(base::ErrorKind::integrity, "read", pack, "a cached text of an index is damaged",
                "remove it, it is only a cache") {}
};

class CachedText {
public:
    CachedText(store::TextMap map, std::vector<std::unique_ptr<fs::File>> packs);

    const store::TextMap& map() const noexcept { return map_; }
    std::uint64_t pack_size(std::size_t pack) const { return packs_.at(pack)->status().size; }
    // Throws DamagedText.
    std::string part(std::size_t number) const { return run(number, number + 1); }
    // Parts [first, end) that lie one after the other in one pack. Throws likewise. Several threads may call
    // it.
    std::string run(std::size_t first, std::size_t end) const;
    // The longest run from `first` on, before `limit`: `most` bytes of text or one part more.
    std::size_t run_end(std::size_t first, std::size_t limit, std::uint64_t most) const;
    std::uint64_t length(std::size_t first, std::size_t end) const;

private:
    void check(std::size_t number, std::string_view text) const;

    store::TextMap map_;
    std::vector<std::unique_ptr<fs::File>> packs_;
};

// Which published file has the text.
struct PublishedIndex {
    const store::IndexFrames& frames;
    const store::IndexEntry& text;  // the entry `none`
    std::vector<const StoredIndex*> stored;
    std::vector<const store::IndexEntry*> entries;  // of `stored`
};

// Null where `directory` does not have it, or what it has does not fit.
std::unique_ptr<CachedText> open_cached_text(fs::Filesystem& filesystem, const std::string& directory,
                                             const PublishedIndex& index);
// Unpacks the first stored file into a pack at `path`, which `staged` gets. Throws base::Error (integrity)
// where a published file is not what its manifest says.
std::unique_ptr<CachedText> unpack_text(fs::Filesystem& filesystem, const std::string& path,
                                        const PublishedIndex& index, base::ShaDigests digests,
                                        StagedText& staged);

// Bytes of text after which a state of the hash is kept, at the end of the part.
inline constexpr std::size_t kStateDistance = std::size_t{512} << 10U;

// The name of a pack with this content.
std::string pack_name(std::uint64_t checksum, std::uint64_t size);

}  // namespace repotool::publisher
