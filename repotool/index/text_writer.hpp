// SPDX-License-Identifier: GPL-3.0-or-later
// The open text of a new index: hashed as a whole, and cached for the next generation. Only new parts are
// written; what comes before the first of them is not even read, because its hash is known; private to the
// index builder.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/background_hasher.hpp"
#include "core/base/checksum.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"
#include "core/store/text_map.hpp"
#include "repotool/index/cached_text.hpp"
#include "repotool/index/frame_file.hpp"
#include "repotool/index/text_update.hpp"

namespace repotool::publisher {

class TextWriter {
public:
    // `parent` may be null; it outlives this object.
    TextWriter(fs::Filesystem& filesystem, std::function<std::string()> fresh_path, base::ShaDigests digests,
               base::Urgency urgency, const CachedText* parent);

    void write(std::string_view text);
    void end_part();
    // Parts [first, end) of the parent. `take`, where there is one, gets the text of each.
    using PartSink = std::function<void(std::size_t part, std::string_view text)>;
    void copy(std::size_t first, std::size_t end, const PartSink& take);
    std::size_t parts() const noexcept { return map_.parts.size(); }
    const std::vector<std::uint64_t>& lengths() const noexcept { return lengths_; }
    std::uint64_t size() const noexcept { return size_; }

    // No more text.
    void close();
    // Waits for the hash. `frames`: checksums of the stored parts, by compression. `entry` gets size and
    // digests.
    TextUpdate finish(std::vector<std::string> compressions,
                      const std::vector<std::vector<std::uint64_t>>& frames, store::IndexEntry& entry);

private:
    bool is_moved(std::size_t part) const;
    void choose_packs_to_move();
    void leave_beginning();
    void append_to_pack(std::string_view text);
    void end_pack_part();
    void copy_run(std::size_t first, std::size_t end, const PartSink& take);
    enum class Keep { text, state };  // of a part of the parent: its text alone, or its hash's state, too
    void share_part(std::size_t part, Keep keep);
    void hash_parent(std::size_t first, std::size_t end);
    void keep_state(std::size_t part);
    void prune_packs();

    fs::Filesystem& filesystem_;
    std::function<std::string()> fresh_path_;
    base::ShaDigests digests_;
    const CachedText* parent_;
    store::TextMap map_;  // packs: the parent's and ours behind them
    std::vector<std::uint64_t> lengths_;
    std::set<std::uint32_t> moved_packs_;  // of the parent, whose parts come into ours
    std::unique_ptr<FrameFile> pack_;      // from the first new text on; its segments are our parts
    base::Checksum pack_checksum_;
    std::uint64_t part_begin_ = 0;  // in the pack
    std::uint64_t size_ = 0;
    bool at_beginning_;  // everything so far is what the parent begins with: nothing is hashed yet
    base::BackgroundHasher hasher_;
    std::uint64_t last_mark_ = 0;
    std::vector<std::size_t> marked_parts_;
};

}  // namespace repotool::publisher
