// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;

[[noreturn]] void damaged(const char* what, const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "read", what, reason);
}

void demand(bool condition, const char* what, const std::string& reason) {
    if (!condition) damaged(what, reason);
}

json to_json(const ContentReference& reference) {
    return {{"sha256", reference.sha256}, {"size", reference.size}};
}

ContentReference content_from(const json& document) {
    ContentReference reference{document.at("sha256").get<std::string>(),
                               document.at("size").get<std::uint64_t>()};
    demand(base::is_sha256_hex(reference.sha256), "manifest", "expected a digest");
    return reference;
}

int compression_rank(const std::string& compression) {
    if (compression == "none") return 0;
    if (compression == "gz") return 1;
    return compression == "xz" ? 2 : 3;
}

json to_json(const ExtraEntry& extra) {
    return {{"type", extra.type},
            {"name", extra.name},
            {"sha256", extra.sha256},
            {"size", extra.size},
            {"open_sha256", extra.open_sha256},
            {"open_size", extra.open_size}};
}

ExtraEntry extra_from(const json& document) {
    ExtraEntry extra{
        document.at("type").get<std::string>(),        document.at("name").get<std::string>(),
        document.at("sha256").get<std::string>(),      document.at("size").get<std::uint64_t>(),
        document.at("open_sha256").get<std::string>(), document.at("open_size").get<std::uint64_t>()};
    const bool plain = is_safe_path(extra.name) && extra.name.find('/') == std::string::npos;
    demand(plain && base::is_sha256_hex(extra.sha256) && base::is_sha256_hex(extra.open_sha256), "manifest",
           fmt::format("metadata '{}' is not one that we write", extra.name));
    return extra;
}

json to_json(const SetEntry& set) {
    json indexes = json::array();
    for (const auto& index : set.indexes) {
        indexes.push_back({{"name", index.name},
                           {"compression", index.compression},
                           {"sha256", index.sha256},
                           {"size", index.size}});
        if (!index.sha512.empty()) indexes.back()["sha512"] = index.sha512;
    }
    json document{
        {"dist", set.dist},         {"component", set.component},    {"architecture", set.architecture},
        {"packages", set.packages}, {"chunks", to_json(set.chunks)}, {"frames", to_json(set.frames)},
        {"indexes", indexes}};
    if (set.contents) {
        document["contents"] = {{"lines", to_json(set.contents->lines)},
                                {"frames", to_json(set.contents->frames)}};
    }
    for (const auto& extra : set.extras) document["extras"].push_back(to_json(extra));
    return document;
}

bool is_sha512_hex(const std::string& text) {
    return text.size() == 128 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

IndexEntry index_from(const json& document) {
    IndexEntry index{document.at("name").get<std::string>(),
                     document.at("compression").get<std::string>(),
                     document.at("sha256").get<std::string>(),
                     document.at("size").get<std::uint64_t>(),
                     {}};
    static const std::set<std::string> kNames{"Packages", "Sources",   "Translation-en", "Contents",
                                              "primary",  "filelists", "other"};
    static const std::set<std::string> kCompressions{"none", "gz", "xz", "zst"};
    index.sha512 = document.value("sha512", "");
    const bool known_name = kNames.contains(index.name);
    const bool known_compression = kCompressions.contains(index.compression);
    demand(index.sha512.empty() || is_sha512_hex(index.sha512), "manifest", "expected a SHA-512 digest");
    demand(known_name && known_compression && base::is_sha256_hex(index.sha256), "manifest",
           fmt::format("index '{}' in compression '{}' is not one that we write", index.name,
                       index.compression));
    return index;
}

SetEntry set_from(const json& document, const std::string& format) {
    SetEntry set;
    document.at("dist").get_to(set.dist);
    document.at("component").get_to(set.component);
    document.at("architecture").get_to(set.architecture);
    document.at("packages").get_to(set.packages);
    const bool component = format == "rpm" ? set.component.empty() : is_component_name(set.component);
    demand(is_dist_name(set.dist) && component && is_architecture_name(set.architecture), "manifest",
           fmt::format("package set '{}/{}/{}' has a name that is not allowed", set.dist, set.component,
                       set.architecture));
    set.chunks = content_from(document.at("chunks"));
    set.frames = content_from(document.at("frames"));
    for (const auto& index : document.at("indexes")) set.indexes.push_back(index_from(index));
    if (document.contains("contents")) {
        const json& contents = document.at("contents");
        set.contents = ContentsEntry{content_from(contents.at("lines")), content_from(contents.at("frames"))};
    }
    if (document.contains("extras")) {
        for (const auto& extra : document.at("extras")) set.extras.push_back(extra_from(extra));
    }
    return set;
}

json to_sorted_json(SetEntry& set) {
    std::sort(set.indexes.begin(), set.indexes.end(), [](const IndexEntry& a, const IndexEntry& b) {
        return std::pair(a.name, compression_rank(a.compression)) <
               std::pair(b.name, compression_rank(b.compression));
    });
    std::sort(set.extras.begin(), set.extras.end(),
              [](const ExtraEntry& a, const ExtraEntry& b) { return a.type < b.type; });
    return to_json(set);
}

base::UnixSeconds date_from(const std::string& text) {
    try {
        return base::parse_iso8601(text);
    } catch (const base::Error& error) {
        damaged("MANIFEST", error.reason());
    }
}

// Runs `read` and turns the JSON library's complaints into ours.
template <typename Value>
Value reading(const char* what, const std::function<Value()>& read) {
    try {
        return read();
    } catch (const json::exception& error) {
        damaged(what, error.what());
    }
}

}  // namespace

const IndexEntry* SetEntry::find_index(std::string_view name, std::string_view compression) const {
    const auto found = std::find_if(indexes.begin(), indexes.end(), [&](const IndexEntry& index) {
        return index.name == name && index.compression == compression;
    });
    return found == indexes.end() ? nullptr : &*found;
}

const SetEntry* SubManifest::find_set(std::string_view dist, std::string_view component,
                                      std::string_view architecture) const {
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const SetEntry& set) {
        return set.dist == dist && set.component == component && set.architecture == architecture;
    });
    return found == sets.end() ? nullptr : &*found;
}

std::vector<const SetEntry*> SubManifest::all_sets() const {
    std::vector<const SetEntry*> all;
    for (const auto* list : {&sets, &translations}) {
        for (const auto& set : *list) all.push_back(&set);
    }
    return all;
}

const IndexFrames* FrameTable::find(std::string_view name) const {
    const auto found = std::find_if(indexes.begin(), indexes.end(),
                                    [&](const IndexFrames& index) { return index.name == name; });
    return found == indexes.end() ? nullptr : &*found;
}

std::string render_manifest(const Manifest& manifest) {
    json formats = json::object();
    for (const auto& [format, reference] : manifest.formats) formats[format] = to_json(reference);
    json parent = nullptr;
    if (manifest.parent)
        parent = {{"generation", manifest.parent->generation}, {"sha256", manifest.parent->sha256}};
    const json document{{"format", kFormatVersion},
                        {"repository", manifest.repository},
                        {"generation", manifest.generation},
                        {"epoch", manifest.epoch},
                        {"date", base::iso8601(manifest.date)},
                        {"parent", parent},
                        {"formats", formats}};
    return document.dump(1) + "\n";
}

std::string render_sub_manifest(const SubManifest& sub_manifest) {
    SubManifest sorted = sub_manifest;
    const auto set_order = [](const SetEntry& set) {
        return std::tie(set.dist, set.component, set.architecture);
    };
    for (auto* sets : {&sorted.sets, &sorted.translations}) {
        std::sort(sets->begin(), sets->end(),
                  [&](const auto& a, const auto& b) { return set_order(a) < set_order(b); });
    }
    std::sort(sorted.pointers.begin(), sorted.pointers.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    json sets = json::array();
    for (auto& set : sorted.sets) sets.push_back(to_sorted_json(set));
    json pointers = json::array();
    for (const auto& pointer : sorted.pointers)
        pointers.push_back({{"path", pointer.path}, {"sha256", pointer.sha256}, {"size", pointer.size}});
    json document{
        {"format", sorted.format}, {"links", json::array()}, {"pointers", pointers}, {"sets", sets}};
    for (auto& set : sorted.translations) document["translations"].push_back(to_sorted_json(set));
    return document.dump(1) + "\n";
}

std::string render_frame_table(const FrameTable& table) {
    std::vector<IndexFrames> sorted = table.indexes;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    json indexes = json::array();
    for (const auto& index : sorted)
        indexes.push_back({{"name", index.name}, {"text", index.text}, {"frames", index.stored}});
    return json{{"indexes", indexes}}.dump() + "\n";
}

Manifest parse_manifest(std::string_view text) {
    return reading<Manifest>("MANIFEST", [&] {
        const json document = json::parse(text);
        const int format = document.at("format").get<int>();
        demand(format == kFormatVersion, "MANIFEST",
               fmt::format("it has format {}, this program knows {}", format, kFormatVersion));
        Manifest manifest;
        document.at("repository").get_to(manifest.repository);
        document.at("generation").get_to(manifest.generation);
        document.at("epoch").get_to(manifest.epoch);
        manifest.date = date_from(document.at("date").get<std::string>());
        demand(is_repository_name(manifest.repository) && manifest.generation > 0, "MANIFEST",
               "its repository or generation is not valid");
        if (const json& parent = document.at("parent"); !parent.is_null()) {
            manifest.parent = ParentReference{parent.at("generation").get<std::uint64_t>(),
                                              parent.at("sha256").get<std::string>()};
        }
        for (const auto& [name, reference] : document.at("formats").items()) {
            demand(name == "deb" || name == "rpm" || name == "tree", "MANIFEST",
                   fmt::format("unknown package format '{}'", name));
            manifest.formats[name] = content_from(reference);
        }
        return manifest;
    });
}

SubManifest parse_sub_manifest(std::string_view text) {
    return reading<SubManifest>("sub-manifest", [&] {
        const json document = json::parse(text);
        SubManifest sub_manifest;
        document.at("format").get_to(sub_manifest.format);
        for (const auto& pointer : document.at("pointers")) {
            sub_manifest.pointers.push_back({pointer.at("path").get<std::string>(),
                                             pointer.at("sha256").get<std::string>(),
                                             pointer.at("size").get<std::uint64_t>()});
            const auto& last = sub_manifest.pointers.back();
            demand(is_safe_path(last.path) && base::is_sha256_hex(last.sha256), "sub-manifest",
                   fmt::format("pointer file '{}' is not allowed", last.path));
        }
        for (const auto& set : document.at("sets"))
            sub_manifest.sets.push_back(set_from(set, sub_manifest.format));
        if (document.contains("translations")) {
            for (const auto& set : document.at("translations"))
                sub_manifest.translations.push_back(set_from(set, sub_manifest.format));
        }
        return sub_manifest;
    });
}

FrameTable parse_frame_table(std::string_view text) {
    return reading<FrameTable>("frame table", [&] {
        FrameTable table;
        const json document = json::parse(text);
        for (const auto& index : document.at("indexes")) {
            table.indexes.push_back(
                {index.at("name").get<std::string>(), index.at("text").get<std::vector<std::uint64_t>>(),
                 index.at("frames").get<std::map<std::string, std::vector<std::uint64_t>>>()});
        }
        return table;
    });
}

}  // namespace repotool::store
