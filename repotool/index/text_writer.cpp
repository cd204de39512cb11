// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/text_writer.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10U;
constexpr std::size_t kMostPacks = 16;  // of one text; each is an open file

}  // namespace

TextWriter::TextWriter(fs::Filesystem& filesystem, std::function<std::string()> fresh_path,
                       base::ShaDigests digests, base::Urgency urgency, const CachedText* parent)
    : filesystem_(filesystem),
      fresh_path_(std::move(fresh_path)),
      digests_(digests),
      parent_(parent),
      at_beginning_(parent != nullptr),
      hasher_(digests, urgency) {
    if (parent_ == nullptr) return;
    map_.packs = parent_->map().packs;
    choose_packs_to_move();
}

// A pack that is mostly dead is left behind, and many small ones become one.
void TextWriter::choose_packs_to_move() {
    const auto count = static_cast<std::uint32_t>(map_.packs.size());
    std::vector<std::uint64_t> living(count), sizes;
    for (const auto& part : parent_->map().parts) {
        if (part.length > 0) living.at(part.pack) += part.length;
    }
    for (std::uint32_t i = 0; i < count; ++i) sizes.push_back(parent_->pack_size(i));
    const auto largest =
        static_cast<std::uint32_t>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool is_one_of_many = count > kMostPacks && i != largest;
        if (is_one_of_many || living[i] < sizes[i] / 2) moved_packs_.insert(i);
    }
}

void TextWriter::write(std::string_view text) {
    if (text.empty()) return;
    leave_beginning();
    append_to_pack(text);
    hasher_.update(text);
}

void TextWriter::end_part() {
    if (at_beginning_) {  // an empty part
        const auto& parts = parent_->map().parts;
        const std::size_t place = map_.parts.size();
        if (place >= parts.size() || parts[place].length > 0) leave_beginning();
    }
    end_pack_part();
    size_ += map_.parts.back().length;
    if (!at_beginning_) keep_state(map_.parts.size() - 1);
}

void TextWriter::append_to_pack(std::string_view text) {
    if (pack_ == nullptr) pack_ = std::make_unique<FrameFile>(filesystem_, fresh_path_(), 0600);
    pack_checksum_.update(text);
    pack_->write(text);
}

// What was appended since the last part, maybe nothing.
void TextWriter::end_pack_part() {
    store::TextPart part;
    part.pack = static_cast<std::uint32_t>(parent_ == nullptr ? 0 : parent_->map().packs.size());
    part.offset = part_begin_;
    if (pack_ != nullptr) {
        part.length = pack_->size() - std::exchange(part_begin_, pack_->size());
        part.checksum = pack_->cut();
    } else {
        part.checksum = base::checksum64({});
    }
    lengths_.push_back(part.length);
    map_.parts.push_back(std::move(part));
}

bool TextWriter::is_moved(std::size_t part) const {
    const auto& place = parent_->map().parts[part];
    return place.length > 0 && moved_packs_.contains(place.pack);
}

void TextWriter::copy(std::size_t first, std::size_t end, const PartSink& take) {
    if (first != map_.parts.size()) leave_beginning();
    while (first < end) {
        if (at_beginning_ && !take && !is_moved(first)) {  // its hash is known
            share_part(first++, Keep::state);
            continue;
        }
        const std::size_t stop = parent_->run_end(first, end, std::min(kStateDistance, kBuffer));
        copy_run(first, stop, take);
        first = stop;
    }
}

// Parts that lie one after the other in one pack.
void TextWriter::copy_run(std::size_t first, std::size_t end, const PartSink& take) {
    if (!take && !is_moved(first)) {
        hash_parent(first, end);
        for (std::size_t i = first; i < end; ++i) share_part(i, Keep::text);
        return keep_state(map_.parts.size() - 1);
    }
    const std::string text = parent_->run(first, end);
    std::string_view rest = text;
    for (std::size_t i = first; i < end; ++i) {
        const auto& part = parent_->map().parts[i];
        const auto own = rest.substr(0, part.length);
        rest.remove_prefix(own.size());
        if (take) take(i, own);
        if (!is_moved(i)) {
            share_part(i, at_beginning_ ? Keep::state : Keep::text);
            continue;
        }
        append_to_pack(own);
        end_pack_part();
        size_ += own.size();
        if (at_beginning_) map_.parts.back().state = part.state;
    }
    if (at_beginning_) return;
    hasher_.update(text);
    keep_state(map_.parts.size() - 1);
}

// It stays in its pack.
void TextWriter::share_part(std::size_t part, Keep keep) {
    map_.parts.push_back(parent_->map().parts[part]);
    if (keep == Keep::text) map_.parts.back().state.clear();
    lengths_.push_back(map_.parts.back().length);
    size_ += map_.parts.back().length;
}

// Read by the thread that hashes: nobody waits for it.
void TextWriter::hash_parent(std::size_t first, std::size_t end) {
    hasher_.update(parent_->length(first, end),
                   [parent = parent_, first, end] { return parent->run(first, end); });
}

void TextWriter::keep_state(std::size_t part) {
    if (hasher_.size() - last_mark_ < kStateDistance) return;
    hasher_.mark();
    marked_parts_.push_back(part);
    last_mark_ = hasher_.size();
}

// From the last known state on, everything is hashed.
void TextWriter::leave_beginning() {
    if (!std::exchange(at_beginning_, false)) return;
    std::size_t next = map_.parts.size();
    const std::size_t end = next;
    const auto has_state = [&](std::size_t part) {
        return parent_->map().parts[part].state.size() == base::ShaStream::state_size(digests_);
    };
    while (next > 0 && !has_state(next - 1)) --next;
    if (next > 0) hasher_.resume(parent_->map().parts[next - 1].state);
    last_mark_ = hasher_.size();
    while (next < end) {
        const std::size_t stop = parent_->run_end(next, end, kBuffer);
        hash_parent(next, stop);
        keep_state(stop - 1);
        next = stop;
    }
}

void TextWriter::close() {
    leave_beginning();
    if (pack_ != nullptr) pack_->close(0);
}

TextUpdate TextWriter::finish(std::vector<std::string> compressions,
                              const std::vector<std::vector<std::uint64_t>>& frames,
                              store::IndexEntry& entry) {
    entry.size = hasher_.size();
    entry.sha256 = hasher_.sha256();
    entry.sha512 = hasher_.sha512();
    const auto& states = hasher_.states();
    for (std::size_t i = 0; i < marked_parts_.size(); ++i) map_.parts[marked_parts_[i]].state = states.at(i);
    map_.compressions = std::move(compressions);
    for (std::size_t i = 0; i < map_.parts.size(); ++i) {
        map_.parts[i].frames.clear();
        for (const auto& checksums : frames) map_.parts[i].frames.push_back(checksums.at(i));
    }
    TextUpdate update;
    if (pack_ != nullptr) {
        const std::string name = pack_name(pack_checksum_.take(), pack_->size());
        update.staged.push_back({pack_->path(), name});
        map_.packs.push_back(name);
    }
    prune_packs();
    update.staged.push_back({fresh_path_(), entry.sha256});
    fs::write_new_file(filesystem_, update.staged.back().path, store::render_text_map(map_), 0600, 0,
                       fs::Durable::no);
    update.kept = map_.packs;
    update.kept.push_back(entry.sha256);
    return update;
}

// Those that no part is in.
void TextWriter::prune_packs() {
    std::map<std::uint32_t, std::uint32_t> places;
    for (const auto& part : map_.parts) {
        if (part.length > 0) places.emplace(part.pack, 0);
    }
    std::vector<std::string> packs;
    for (auto& [old, place] : places) {
        place = static_cast<std::uint32_t>(packs.size());
        packs.push_back(map_.packs.at(old));
    }
    map_.packs = std::move(packs);
    for (auto& part : map_.parts) part.pack = part.length > 0 ? places.at(part.pack) : 0;
}

}  // namespace repotool::publisher
