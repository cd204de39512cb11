// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that a generation names below public/, told by its manifest tree alone: for gc, fsck and du,
// which must also read generations that are half gone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/chunks.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/manifest.hpp"

namespace repotool::store {

// What a missing part of the manifest tree means: a generation that clients may read is damaged; one on its
// way out has lost that part, and everything that only it named, to an earlier gc.
enum class Missing { is_damage, is_gone };

struct GenerationNames {
    Manifest manifest;
    std::vector<ContentFile> indexes;        // stored indexes, and shared symlinks (without digest)
    std::vector<ContentFile> parts;          // chunk lists, frame tables: what names chunks
    std::vector<ContentFile> roots;          // sub-manifests: what names all else
    std::vector<std::string> package_lists;  // digests of chunk lists whose chunks hold records
    std::vector<std::string> other_lists;    // … whose chunks hold something else
    std::vector<std::string> texts;          // digests of open texts (private/text)
};

// `directory`: where the generation is, below the filesystem's root; its content-named files are below
// public/meta/<repository>. Throws base::Error (integrity) for what is damaged.
GenerationNames read_generation_names(fs::Filesystem& filesystem, const std::string& directory,
                                      const std::string& repository, Missing missing);

// The chunks that a chunk list names; empty where the list is gone.
ChunkList read_chunk_list(fs::Filesystem& filesystem, const std::string& repository,
                          const std::string& sha256, Missing missing);
// The lines of a chunk of a package list, and as records; empty where it is gone.
std::string read_chunk_text(fs::Filesystem& filesystem, const std::string& repository,
                            const std::string& sha256, Missing missing);
std::vector<Record> read_chunk(fs::Filesystem& filesystem, const std::string& repository,
                               const std::string& sha256, Missing missing);

}  // namespace repotool::store
