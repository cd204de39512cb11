// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
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
    return compression == "gz" ? 1 : 2;
}

json to_json(const SetEntry& set) {
    json indexes = json::array();
    for (const auto& index : set.indexes) {
        indexes.push_back({{"name", index.name},
                           {"compression", index.compression},
                           {"sha256", index.sha256},
                           {"size", index.size}});
    }
    return {{"dist", set.dist},         {"component", set.component},    {"architecture", set.architecture},
            {"packages", set.packages}, {"chunks", to_json(set.chunks)}, {"frames", to_json(set.frames)},
            {"indexes", indexes}};
}

IndexEntry index_from(const json& document) {
    IndexEntry index{document.at("name").get<std::string>(), document.at("compression").get<std::string>(),
                     document.at("sha256").get<std::string>(), document.at("size").get<std::uint64_t>()};
    const bool known_name = index.name == "Packages" || index.name == "primary" ||
                            index.name == "filelists" || index.name == "other";
    const bool known_compression =
        index.compression == "none" || index.compression == "gz" || index.compression == "zst";
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
    return set;
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
    std::sort(sorted.sets.begin(), sorted.sets.end(),
              [&](const auto& a, const auto& b) { return set_order(a) < set_order(b); });
    std::sort(sorted.pointers.begin(), sorted.pointers.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    json sets = json::array();
    for (auto& set : sorted.sets) {
        std::sort(set.indexes.begin(), set.indexes.end(), [](const IndexEntry& a, const IndexEntry& b) {
            return std::pair(a.name, compression_rank(a.compression)) <
                   std::pair(b.name, compression_rank(b.compression));
        });
        sets.push_back(to_json(set));
    }
    json pointers = json::array();
    for (const auto& pointer : sorted.pointers)
        pointers.push_back({{"path", pointer.path}, {"sha256", pointer.sha256}, {"size", pointer.size}});
    const json document{
        {"format", sorted.format}, {"links", json::array()}, {"pointers", pointers}, {"sets", sets}};
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
            demand(name == "deb" || name == "rpm", "MANIFEST",
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
