// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/generation_tree.hpp"

#include <fmt/format.h>

#include <set>

#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

bool is_deb(const SetEntry& set) {
    return !set.component.empty();
}

// A symlink at `path` of the generation to `target` below public/.
TreeLink climbing_link(const std::string& generation, const std::string& path, const std::string& target) {
    return {path, fs::climb(generation + "/" + path) + target};
}

// Contents of all architectures lie side by side, above the directories of the other indexes.
std::string index_directory(const SetEntry& set, const IndexEntry& index) {
    if (index.name == "Contents") return fmt::format("dists/{}/{}", set.dist, set.component);
    return layout::apt_index_directory(set.dist, set.component, set.architecture);
}

void add_deb_links(std::vector<TreeLink>& links, const Manifest& manifest, const SetEntry& set) {
    const std::string generation = layout::generation(manifest.repository, manifest.generation);
    std::set<std::string> directories;
    for (const auto& index : set.indexes) {
        if (index.compression == "none") continue;
        directories.insert(index_directory(set, index));
        links.push_back({plain_index_path(set, index), "by-hash/SHA256/" + index.sha256});
    }
    for (const auto& directory : directories) {
        links.push_back(climbing_link(generation, directory + "/by-hash",
                                      layout::meta(manifest.repository) + "/" + directory + "/by-hash"));
    }
}

// Several sets share the directory of Contents.
std::vector<TreeLink> without_repetitions(std::vector<TreeLink> links) {
    std::set<std::string> seen;
    std::erase_if(links, [&](const TreeLink& link) { return !seen.insert(link.path).second; });
    return links;
}

void add_rpm_links(std::vector<TreeLink>& links, const Manifest& manifest, const SetEntry& set) {
    const std::string& repository = manifest.repository;
    const std::string generation = layout::generation(repository, manifest.generation);
    const std::string directory = layout::rpm_directory(set.dist, set.architecture);
    const std::string pin = layout::pin_directory(set.dist, set.architecture);
    const std::string meta = layout::meta(repository) + "/" + directory + "/repodata";
    const std::string packages = fmt::format("{}/rpm/{}/Packages", layout::pool(repository), set.dist);
    links.push_back(climbing_link(generation, directory + "/repodata", meta));
    links.push_back(climbing_link(generation, directory + "/Packages", packages));
    links.push_back(climbing_link(generation, pin + "/Packages", packages));
    for (const auto& file : index_files(repository, set)) {
        const std::string name = fs::base_name(file.path);
        links.push_back(climbing_link(generation, pin + "/repodata/" + name, meta + "/" + name));
    }
}

// apt asks for the strongest digest that Release lists, and for no other.
void add_sha512_links(std::vector<TreeLink>& links, const std::string& repository, const SetEntry& set) {
    for (const auto& index : set.indexes) {
        if (index.compression == "none" || index.sha512.empty()) continue;
        links.push_back({fmt::format("{}/{}/by-hash/SHA512/{}", layout::meta(repository),
                                     index_directory(set, index), index.sha512),
                         "../SHA256/" + index.sha256});
    }
}

// One name for every generation: it leads through the flipped symlink.
void add_repomd_links(std::vector<TreeLink>& links, const std::string& repository, const SetEntry& set) {
    for (const char* name : {"repomd.xml", "repomd.xml.asc", "repomd.xml.key"}) {
        const std::string path = fmt::format("{}/{}/repodata/{}", layout::meta(repository),
                                             layout::rpm_directory(set.dist, set.architecture), name);
        const std::string target = fmt::format("{}/{}/repodata/{}", layout::head(repository),
                                               layout::pin_directory(set.dist, set.architecture), name);
        links.push_back({path, fs::climb(path) + target});
    }
}

}  // namespace

std::vector<TreeLink> generation_links(const Manifest& manifest,
                                       const std::vector<SubManifest>& sub_manifests) {
    std::vector<TreeLink> links;
    bool has_deb = false;
    for (const auto& sub_manifest : sub_manifests) {
        if (sub_manifest.format == "tree") continue;  // real files, whatever their names
        for (const auto* set : sub_manifest.all_sets()) {
            has_deb = has_deb || is_deb(*set);
            is_deb(*set) ? add_deb_links(links, manifest, *set) : add_rpm_links(links, manifest, *set);
        }
    }
    if (has_deb) {
        links.push_back(climbing_link(layout::generation(manifest.repository, manifest.generation), "pool",
                                      layout::pool(manifest.repository)));
    }
    return without_repetitions(std::move(links));
}

std::vector<TreeLink> shared_links(const std::string& repository,
                                   const std::vector<SubManifest>& sub_manifests) {
    std::vector<TreeLink> links;
    for (const auto& sub_manifest : sub_manifests) {
        for (const auto* set : sub_manifest.all_sets())
            is_deb(*set) ? add_sha512_links(links, repository, *set)
                         : add_repomd_links(links, repository, *set);
    }
    return links;
}

std::string plain_index_path(const SetEntry& set, const IndexEntry& index) {
    const std::string mark = index.name == "Contents" ? "-" + set.architecture : "";
    return index_directory(set, index) + "/" + index.name + mark +
           layout::compression_suffix(index.compression);
}

std::string index_path(const SetEntry& set, const IndexEntry& index) {
    if (is_deb(set)) return fmt::format("{}/by-hash/SHA256/{}", index_directory(set, index), index.sha256);
    return fmt::format("{}/repodata/{}", layout::rpm_directory(set.dist, set.architecture),
                       layout::rpm_index_name(index.name, index.compression, index.sha256));
}

std::string extra_path(const std::string& dist, const std::string& architecture, const ExtraEntry& extra) {
    return fmt::format("{}/repodata/{}-{}", layout::rpm_directory(dist, architecture), extra.sha256,
                       extra.name);
}

std::vector<ContentFile> index_files(const std::string& repository, const SetEntry& set) {
    std::vector<ContentFile> files;
    for (const auto& index : set.indexes) {
        if (index.compression == "none") continue;
        files.push_back({layout::meta(repository) + "/" + index_path(set, index), index.sha256, index.size});
    }
    for (const auto& extra : set.extras) {
        files.push_back({layout::meta(repository) + "/" + extra_path(set.dist, set.architecture, extra),
                         extra.sha256, extra.size});
    }
    return files;
}

std::vector<ContentFile> manifest_parts(const Manifest& manifest,
                                        const std::vector<SubManifest>& sub_manifests) {
    std::vector<ContentFile> files;
    const auto add = [&](const ContentReference& part) {
        files.push_back({layout::tree_part(manifest.repository, part.sha256), part.sha256, part.size});
    };
    for (const auto& [format, reference] : manifest.formats) add(reference);
    for (const auto& sub_manifest : sub_manifests) {
        for (const auto* set : sub_manifest.all_sets()) {
            add(set->chunks);
            add(set->frames);
            if (!set->contents) continue;
            add(set->contents->lines);
            add(set->contents->frames);
        }
    }
    return files;
}

std::vector<ContentFile> pool_files(const std::string& repository, const Record& record) {
    const std::string path = layout::pool(repository) + "/" + record.path;
    std::vector<ContentFile> files{{path, record.sha256, record.size}};
    for (const auto& file : record.files)
        files.push_back({fs::parent_path(path) + "/" + file.name, file.sha256, file.size});
    return files;
}

bool is_pointer_path(const std::string& format, const std::string& path) {
    const std::string name = fs::base_name(path);
    if (!is_safe_path(path)) return false;
    if (format == "tree") return path == "LINKS";
    if (format == "deb")
        return path.starts_with("dists/") &&
               (name == "InRelease" || name == "Release" || name == "Release.gpg");
    return path.starts_with("pin/") &&
           (name == "repomd.xml" || name == "repomd.xml.asc" || name == "repomd.xml.key");
}

}  // namespace repotool::store
