// SPDX-License-Identifier: GPL-3.0-or-later
// What a generation consists of besides its manifest: everything here follows from the manifest tree
// (docs/FORMAT.md §5, §6), so publisher, verifier and mirrors derive the same names and none of them is sent
// a tree.
#pragma once

#include <string>
#include <vector>

#include "core/store/chunks.hpp"
#include "core/store/manifest.hpp"

namespace repotool::store {

struct TreeLink {
    std::string path;
    std::string target;
};

// Symlinks of the generation, paths relative to it.
std::vector<TreeLink> generation_links(const Manifest& manifest,
                                       const std::vector<SubManifest>& sub_manifests);

// Symlinks below meta/<repository> that never change, paths below public/: repomd.xml and its signature,
// which lead through the flipped name, and SHA-512 names of APT's by-hash files.
std::vector<TreeLink> shared_links(const std::string& repository,
                                   const std::vector<SubManifest>& sub_manifests);

// Content-named files below public/: where an index, a manifest part or a package is.
struct ContentFile {
    std::string path;  // below public/
    std::string sha256;
    std::uint64_t size = 0;
};
// The stored index files of one set, and metadata that is passed through. The open text (compression none) is
// not among them.
std::vector<ContentFile> index_files(const std::string& repository, const SetEntry& set);
// Sub-manifests, and chunk lists and frame tables of their sets. Chunks are named by the chunk lists.
std::vector<ContentFile> manifest_parts(const Manifest& manifest,
                                        const std::vector<SubManifest>& sub_manifests);
// The files of a package below pool/<repository>: one; of a source package the .dsc and what it names.
std::vector<ContentFile> pool_files(const std::string& repository, const Record& record);
// Path of an index of APT by its name, relative to the generation: "dists/…/Packages.gz".
std::string plain_index_path(const SetEntry& set, const IndexEntry& index);
// Paths below meta/<repository>/.
std::string index_path(const SetEntry& set, const IndexEntry& index);
std::string extra_path(const std::string& dist, const std::string& architecture, const ExtraEntry& extra);

// True where `path` is a pointer file that a sub-manifest of `format` may name.
bool is_pointer_path(const std::string& format, const std::string& path);

}  // namespace repotool::store
