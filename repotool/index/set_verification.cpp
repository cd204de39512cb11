// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/set_verification.hpp"

#include <fmt/format.h>

#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/formats/deb/packages_reader.hpp"
#include "core/formats/deb/translations_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/contents_check.hpp"
#include "repotool/index/extras.hpp"
#include "repotool/index/index_check.hpp"
#include "repotool/index/index_parts.hpp"
#include "repotool/index/set_form.hpp"

namespace repotool::publisher {
namespace {

using store::GenerationReader;
using store::IndexEntry;
using store::SetEntry;

std::string below_meta(const GenerationReader& reader, const std::string& path) {
    return store::layout::meta(reader.manifest().repository) + "/" + path;
}

// A broken part is a finding; the rest is still looked at.
void attempt(const std::string& path, const FindingSink& find, const std::function<void()>& check) {
    try {
        check();
    } catch (const base::Error& error) {
        find(path, error.reason());
    }
}

// The whole file, as a client unpacks it, is the text that Release or repomd.xml lists.
void check_open_text(const StoredIndex& stored, const IndexEntry& text) {
    base::Hasher hasher;
    stored.unpack(text.size, [&](std::string_view part) { hasher.update(part); });
    if (const std::string found = hasher.hex(); found != text.sha256)
        throw base::Error(base::ErrorKind::integrity, "read", text.name,
                          fmt::format("expected text with digest {}, found {}", text.sha256, found));
}

void check_packages(const GenerationReader& reader, const SetEntry& set, const IndexEntry& index,
                    const StoredIndex& stored) {
    const store::ChunkList list = reader.chunk_list(set);
    for (std::size_t i = 0; i < list.size(); ++i)
        check_index_text(index.name, set.dist, stored.text(i + 1), reader.records(list[i]));
}

void check_contents(const GenerationReader& reader, const SetEntry& set, const StoredIndex& stored) {
    std::set<std::string> names;
    reader.for_each_record(set, [&](const store::Record& record) { names.insert(record.name); });
    const store::ChunkList lines = reader.contents_lines(*set.contents);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string text = stored.text(i + 1);
        check_contents_text(text, lines[i]);
        check_contents_packages(text, names);
    }
}

// Package and digest of a description.
using Description = std::pair<std::string, std::string>;

}  // namespace

void verify_set_indexes(const GenerationReader& reader, const SetEntry& set, const FindingSink& find) {
    for (const auto& index : set.indexes) {
        if (index.compression == "none") continue;
        const std::string path = below_meta(reader, store::index_path(set, index));
        attempt(path, find, [&] {
            const bool is_contents = index.name == "Contents";
            const StoredIndex stored =
                open_index(reader, set, index,
                           is_contents ? reader.frame_table(set.contents.value_or(store::ContentsEntry{}))
                                       : reader.frame_table(set));
            const IndexEntry* text = set.find_index(index.name, "none");
            if (text == nullptr) return find(path, "its open text is not listed");
            check_open_text(stored, *text);
            is_contents ? check_contents(reader, set, stored) : check_packages(reader, set, index, stored);
        });
    }
    for (const auto& extra : set.extras) {
        const std::string path = below_meta(reader, store::extra_path(set.dist, set.architecture, extra));
        attempt(path, find, [&] { read_extra_text(reader.filesystem(), reader.path_of(path), extra); });
    }
}

void verify_descriptions(const GenerationReader& reader, const store::SubManifest& sub_manifest,
                         const FindingSink& find) {
    for (const auto& translation : sub_manifest.translations) {
        const std::string directory = store::layout::apt_index_directory(
            translation.dist, translation.component, translation.architecture);
        std::set<Description> known;
        for_each_chunk_text(reader, translation, "Translation-en", [&](const std::string& text) {
            for (const auto& entry : formats::deb::read_translations(text))
                known.emplace(entry.name, entry.description_md5);
        });
        for (const auto& set : sub_manifest.sets) {
            const bool is_split = set.dist == translation.dist && set.component == translation.component &&
                                  has_descriptions(formats::Format::deb, set.architecture);
            if (!is_split) continue;
            for_each_chunk_text(reader, set, "Packages", [&](const std::string& text) {
                for (const auto& entry : formats::deb::read_packages(text)) {
                    if (!entry.description_md5.empty() &&
                        !known.contains({entry.name, entry.description_md5}))
                        find(directory, fmt::format("Translation-en has no description of {} {} ({})",
                                                    entry.name, entry.version, entry.architecture));
                }
            });
        }
    }
}

}  // namespace repotool::publisher
