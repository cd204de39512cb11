// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/generation_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/tags.hpp"

namespace repotool::store {
namespace {

constexpr std::uint64_t kPointerLimit = std::uint64_t{16} << 20U;
constexpr std::uint64_t kPartLimit = std::uint64_t{256} << 20U;

using base::Error;
using base::ErrorKind;

// A part that the manifest tree needs: its absence is damage, not an ordinary I/O error.
std::string read_part(fs::Filesystem& filesystem, const std::string& path) {
    if (!filesystem.status(path))
        throw Error(ErrorKind::integrity, "read", path, "it is not there",
                    "repotool verify shows what else is damaged");
    return fs::read_file(filesystem, path, kPartLimit);
}

void find_repositories(fs::Filesystem& filesystem, const std::string& public_root, const std::string& path,
                       std::vector<std::string>& found) {
    for (const auto& name : filesystem.list(fs::join_path(public_root, path))) {
        const std::string child = fs::join_path(path, name);
        if (!is_repository_name(child)) continue;
        const auto status = filesystem.status(fs::join_path(public_root, child));
        if (status && status->kind == fs::Kind::symlink) found.push_back(child);
        if (status && status->kind == fs::Kind::directory)
            find_repositories(filesystem, public_root, child, found);
    }
}

}  // namespace

GenerationReader::GenerationReader(fs::Filesystem& filesystem, std::string public_root,
                                   std::string repository, std::uint64_t generation)
    : filesystem_(filesystem),
      public_root_(std::move(public_root)),
      directory_(path_of(layout::generation(repository, generation))) {
    if (!filesystem_.status(directory_)) {
        throw Error(ErrorKind::usage, "read", fmt::format("{}@{}", repository, generation),
                    "there is no such generation",
                    fmt::format("repotool list {} shows the current one", repository));
    }
    manifest_text_ = read_part(filesystem_, directory_ + "/MANIFEST");
    manifest_sha256_ = base::sha256_hex(manifest_text_);
    manifest_ = parse_manifest(manifest_text_);
    if (manifest_.repository != repository || manifest_.generation != generation) {
        throw Error(ErrorKind::integrity, "read", directory_ + "/MANIFEST",
                    fmt::format("it is the manifest of {}@{}", manifest_.repository, manifest_.generation));
    }
    drop_what_is_not_carried(filesystem_, directory_, manifest_);
    for (const auto& [format, reference] : manifest_.formats) {
        sub_manifests_.push_back(parse_sub_manifest(content(reference)));
        const SubManifest& last = sub_manifests_.back();
        const bool named_well =
            std::all_of(last.pointers.begin(), last.pointers.end(),
                        [&](const PointerEntry& pointer) { return is_pointer_path(format, pointer.path); });
        if (last.format != format || !named_well)
            throw Error(ErrorKind::integrity, "read", directory_, "a sub-manifest names what it may not");
    }
}

const SubManifest* GenerationReader::find_format(std::string_view format) const {
    const auto found = std::find_if(sub_manifests_.begin(), sub_manifests_.end(),
                                    [&](const auto& sub) { return sub.format == format; });
    return found == sub_manifests_.end() ? nullptr : &*found;
}

void GenerationReader::keep_formats(const std::vector<std::string>& formats) {
    const auto is_kept = [&](const std::string& format) {
        return std::find(formats.begin(), formats.end(), format) != formats.end();
    };
    std::erase_if(manifest_.formats, [&](const auto& entry) { return !is_kept(entry.first); });
    std::erase_if(sub_manifests_, [&](const SubManifest& sub) { return !is_kept(sub.format); });
}

ChunkList GenerationReader::chunk_list(const SetEntry& set) const {
    return parse_chunk_list(content(set.chunks));
}

FrameTable GenerationReader::frame_table(const SetEntry& set) const {
    return parse_frame_table(content(set.frames));
}

std::string GenerationReader::chunk_text(const ChunkReference& chunk) const {
    const std::string path = path_of(layout::tree_part(manifest_.repository, chunk.sha256));
    std::string text = read_part(filesystem_, path);
    if (base::sha256_hex(text) != chunk.sha256) {
        throw Error(ErrorKind::integrity, "read", path,
                    fmt::format("its content has digest {}", base::sha256_hex(text)),
                    "repotool verify --full shows what else is damaged");
    }
    return text;
}

ChunkList GenerationReader::contents_lines(const ContentsEntry& contents) const {
    return parse_chunk_list(content(contents.lines));
}

FrameTable GenerationReader::frame_table(const ContentsEntry& contents) const {
    return parse_frame_table(content(contents.frames));
}

std::vector<Record> GenerationReader::records(const ChunkReference& chunk) const {
    return parse_records(chunk_text(chunk));
}

void GenerationReader::for_each_record(const SetEntry& set,
                                       const std::function<void(const Record&)>& visit) const {
    for (const auto& chunk : chunk_list(set)) {
        for (const auto& record : records(chunk)) visit(record);
    }
}

std::optional<Record> GenerationReader::find(const SetEntry& set, const std::string& key) const {
    const ChunkList list = chunk_list(set);
    const auto place = find_chunk(list, key);
    if (!place) return std::nullopt;
    for (auto& record : records(list[*place])) {
        if (record_key(record) == key) return record;
    }
    return std::nullopt;
}

std::optional<std::string> GenerationReader::pointer_file(const std::string& path) const {
    const std::string full = directory_ + "/" + path;
    if (!filesystem_.status(full)) return std::nullopt;
    return fs::read_file(filesystem_, full, kPointerLimit);
}

std::string GenerationReader::path_of(const std::string& path_below_public) const {
    return fs::join_path(public_root_, path_below_public);
}

std::string GenerationReader::content(const ContentReference& reference) const {
    const std::string path = path_of(layout::tree_part(manifest_.repository, reference.sha256));
    std::string text = read_part(filesystem_, path);
    if (text.size() != reference.size || base::sha256_hex(text) != reference.sha256) {
        throw Error(ErrorKind::integrity, "read", path,
                    fmt::format("expected {} bytes with digest {}, found {} bytes with digest {}",
                                reference.size, reference.sha256, text.size(), base::sha256_hex(text)));
    }
    return text;
}

void drop_what_is_not_carried(fs::Filesystem& filesystem, const std::string& directory, Manifest& manifest) {
    const std::string path = directory + "/" + kCarries;
    if (!filesystem.status(path)) return;
    const auto carried = base::split(fs::read_file(filesystem, path, kPointerLimit), '\n');
    std::erase_if(manifest.formats, [&](const auto& entry) {
        return std::find(carried.begin(), carried.end(), entry.first) == carried.end();
    });
}

std::vector<std::string> list_repositories(fs::Filesystem& filesystem, const std::string& public_root) {
    std::vector<std::string> found;
    find_repositories(filesystem, public_root, "", found);
    std::sort(found.begin(), found.end());
    return found;
}

namespace {

std::uint64_t tagged(fs::Filesystem& filesystem, const std::string& public_root,
                     const RepositoryReference& wanted) {
    if (const auto generation = find_tag(filesystem, public_root, wanted.repository, wanted.tag))
        return *generation;
    std::vector<std::string> names;
    for (const auto& [name, generation] : list_tags(filesystem, public_root, wanted.repository))
        names.push_back(name);
    const std::string nearest = base::nearest(wanted.tag, names);
    throw Error(ErrorKind::usage, "find tag", fmt::format("{}@{}", wanted.repository, wanted.tag),
                "there is no such tag",
                nearest.empty() ? "write repository@N for a generation by its number"
                                : fmt::format("did you mean '{}@{}'?", wanted.repository, nearest));
}

}  // namespace

GenerationReader open_generation(fs::Filesystem& filesystem, const std::string& public_root,
                                 std::string_view reference) {
    RepositoryReference wanted = parse_reference(reference);
    const auto current = make_symlink_head(filesystem, public_root, wanted.repository)->current();
    // An expired repository has no current generation, but those that somebody may still need.
    const bool expired =
        filesystem.status(fs::join_path(public_root, layout::generations(wanted.repository))).has_value();
    if (!wanted.tag.empty()) wanted.generation = tagged(filesystem, public_root, wanted);
    if (!current && (wanted.generation == 0 || !expired)) {
        const std::string nearest =
            base::nearest(wanted.repository, list_repositories(filesystem, public_root));
        throw Error(ErrorKind::usage, "find repository", wanted.repository, "there is no such repository",
                    nearest.empty() ? "repotool list shows what there is"
                                    : fmt::format("did you mean '{}'?", nearest));
    }
    return {filesystem, public_root, wanted.repository,
            wanted.generation == 0 ? *current : wanted.generation};
}

}  // namespace repotool::store
