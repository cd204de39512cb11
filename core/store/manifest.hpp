// SPDX-License-Identifier: GPL-3.0-or-later
// The manifest tree of a generation: MANIFEST → one sub-manifest per format → chunk lists and frame tables →
// chunks (docs/FORMAT.md §5, §7). All text forms are canonical JSON: equal values, equal bytes (I10).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace repotool::store {

inline constexpr int kFormatVersion = 1;

// A content-named file.
struct ContentReference {
    std::string sha256;
    std::uint64_t size = 0;
    friend bool operator==(const ContentReference&, const ContentReference&) = default;
};

// One representation of an index. Compression "none": the open text, listed in metadata, not stored in
// public/.
struct IndexEntry {
    std::string name;         // Packages, Sources, Translation-en, Contents; primary, filelists, other
    std::string compression;  // none, gz, xz, zst
    std::string sha256;
    std::uint64_t size = 0;
    std::string sha512{};  // where the site lists SHA512 too; else empty
};

// Contents-<arch> of APT: its lines are sorted by path and have chunks of their own (docs/FORMAT.md §5.5).
struct ContentsEntry {
    ContentReference lines;   // chunk list: digest of the chunk's text, number of lines, first path
    ContentReference frames;  // frame table with the one index "Contents"
};

// RPM metadata that is passed through: updateinfo, group (comps), modules, productid, unknown types.
struct ExtraEntry {
    std::string type;  // as repomd.xml names it
    std::string name;  // "updateinfo.xml.gz": what follows <digest>- in the file's name
    std::string sha256;
    std::uint64_t size = 0;
    std::string open_sha256;  // of the open text
    std::uint64_t open_size = 0;
};

struct SetEntry {
    std::string dist;
    std::string component;  // "" for RPM
    std::string architecture;
    std::uint64_t packages = 0;
    ContentReference chunks;
    ContentReference frames;
    std::vector<IndexEntry> indexes;
    std::optional<ContentsEntry> contents{};
    std::vector<ExtraEntry> extras{};

    const IndexEntry* find_index(std::string_view name, std::string_view compression) const;
};

// A real file of the generation, path relative to it.
struct PointerEntry {
    std::string path;
    std::string sha256;
    std::uint64_t size = 0;
};

struct SubManifest {
    std::string format;  // deb, rpm
    std::vector<PointerEntry> pointers;
    std::vector<SetEntry> sets;
    // APT, where the site splits descriptions off: one a component, with architecture layout::kTranslations.
    // Their records are those of all binary sets of the component.
    std::vector<SetEntry> translations{};

    const SetEntry* find_set(std::string_view dist, std::string_view component,
                             std::string_view architecture) const;
    // Of the packages and of the translations: everything that has chunks and indexes.
    std::vector<const SetEntry*> all_sets() const;
};

struct ParentReference {
    std::uint64_t generation = 0;
    std::string sha256;  // of the parent's MANIFEST
};

struct Manifest {
    std::string repository;
    std::uint64_t generation = 0;
    std::uint64_t epoch = 1;
    base::UnixSeconds date = 0;
    std::optional<ParentReference> parent;
    std::map<std::string, ContentReference> formats;  // "deb", "rpm" → sub-manifest
};

// Where each part of an index begins, by lengths: header, one per chunk, footer.
struct IndexFrames {
    std::string name;
    std::vector<std::uint64_t> text;
    std::map<std::string, std::vector<std::uint64_t>> stored;  // by compression
};
struct FrameTable {
    std::vector<IndexFrames> indexes;
    const IndexFrames* find(std::string_view name) const;
};

std::string render_manifest(const Manifest& manifest);
std::string render_sub_manifest(const SubManifest& sub_manifest);  // sorts sets, indexes and pointers
std::string render_frame_table(const FrameTable& table);

// Each throws base::Error (integrity): not canonical in shape, hostile names or paths, a newer format.
Manifest parse_manifest(std::string_view text);
SubManifest parse_sub_manifest(std::string_view text);
FrameTable parse_frame_table(std::string_view text);

}  // namespace repotool::store
