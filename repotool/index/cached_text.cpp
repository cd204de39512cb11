// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/cached_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/base/checksum.hpp"
#include "core/base/digest.hpp"
#include "core/fs/tree.hpp"
#include "repotool/index/frame_file.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// The map belongs to this very index, in the compressions that are published.
bool fits(const store::TextMap& map, const PublishedIndex& index) {
    std::vector<std::string> compressions;
    for (const auto* stored : index.stored)
        compressions.push_back(formats::compression_name(stored->compression()));
    return map.compressions == compressions &&
           std::equal(
               map.parts.begin(), map.parts.end(), index.frames.text.begin(), index.frames.text.end(),
               [](const store::TextPart& part, std::uint64_t length) { return part.length == length; });
}

void demand_digest(const std::string& what, const std::string& expected, const std::string& found) {
    if (found == expected) return;
    throw Error(ErrorKind::integrity, "read", what,
                fmt::format("expected digest {}, found {}", expected, found),
                "nothing was published; repotool verify --full shows what else is damaged");
}

}  // namespace

CachedText::CachedText(store::TextMap map, std::vector<std::unique_ptr<fs::File>> packs)
    : map_(std::move(map)), packs_(std::move(packs)) {}

void CachedText::check(std::size_t number, std::string_view text) const {
    const store::TextPart& part = map_.parts[number];
    if (text.size() != part.length || base::checksum64(text) != part.checksum)
        throw DamagedText("private/text/…/" + map_.packs.at(part.pack));
}

std::size_t CachedText::run_end(std::size_t first, std::size_t limit, std::uint64_t most) const {
    const store::TextPart& head = map_.parts.at(first);
    std::uint64_t length = head.length;
    std::size_t end = first + 1;
    for (; end < limit && length < most; ++end) {
        const store::TextPart& next = map_.parts.at(end);
        if (next.pack != head.pack || next.offset != head.offset + length) break;
        length += next.length;
    }
    return end;
}

std::uint64_t CachedText::length(std::size_t first, std::size_t end) const {
    std::uint64_t length = 0;
    for (; first < end; ++first) length += map_.parts.at(first).length;
    return length;
}

std::string CachedText::run(std::size_t first, std::size_t end) const {
    const store::TextPart& head = map_.parts.at(first);
    std::string text(length(first, end), '\0');
    if (text.empty()) return text;
    text.resize(packs_.at(head.pack)->read_at(text, head.offset));
    std::string_view rest = text;
    for (std::size_t i = first; i < end; ++i) {
        const auto part = rest.substr(0, map_.parts[i].length);
        check(i, part);
        rest.remove_prefix(part.size());
    }
    return text;
}

std::unique_ptr<CachedText> open_cached_text(fs::Filesystem& filesystem, const std::string& directory,
                                             const PublishedIndex& index) {
    try {
        store::TextMap map =
            store::parse_text_map(fs::read_file(filesystem, fs::join_path(directory, index.text.sha256)));
        if (!fits(map, index)) return nullptr;
        std::vector<std::unique_ptr<fs::File>> packs;
        for (const auto& name : map.packs)
            packs.push_back(filesystem.open_read(fs::join_path(directory, name)));
        return std::make_unique<CachedText>(std::move(map), std::move(packs));
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::integrity) throw;
    }
    return nullptr;
}

std::unique_ptr<CachedText> unpack_text(fs::Filesystem& filesystem, const std::string& path,
                                        const PublishedIndex& index, base::ShaDigests digests,
                                        StagedText& staged) {
    store::TextMap map;
    for (std::size_t i = 0; i < index.stored.size(); ++i) {
        const StoredIndex& stored = *index.stored[i];
        map.compressions.emplace_back(formats::compression_name(stored.compression()));
        demand_digest(fmt::format("{}.{}", index.text.name, map.compressions.back()),
                      index.entries[i]->sha256, fs::digest_file(stored.file()).sha256);
    }
    FrameFile pack(filesystem, path, 0600);
    base::Checksum whole;
    base::ShaStream stream(digests);
    std::uint64_t last_state = 0;
    for (std::size_t i = 0; i < index.frames.text.size(); ++i) {
        store::TextPart part;
        const std::string text = index.stored.front()->text(i);
        part.offset = pack.size();
        part.length = text.size();
        for (const auto* stored : index.stored) part.frames.push_back(base::checksum64(stored->frame(i)));
        pack.write(text);
        part.checksum = pack.cut();
        whole.update(text);
        stream.update(text);
        if (stream.size() - last_state >= kStateDistance) {
            part.state = stream.state();
            last_state = stream.size();
        }
        map.parts.push_back(std::move(part));
    }
    demand_digest(index.text.name, index.text.sha256, stream.sha256());
    pack.close(0);
    staged = {path, pack_name(whole.take(), pack.size())};
    map.packs.push_back(staged.name);
    std::vector<std::unique_ptr<fs::File>> packs;
    packs.push_back(filesystem.open_read(path));
    return std::make_unique<CachedText>(std::move(map), std::move(packs));
}

std::string pack_name(std::uint64_t checksum, std::uint64_t size) {
    return fmt::format("{:016x}-{}.pack", checksum, size);
}

}  // namespace repotool::publisher
