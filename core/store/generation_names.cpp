// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/generation_names.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kPartLimit = std::uint64_t{256} << 20U;

std::optional<std::string> read_part(fs::Filesystem& filesystem, const std::string& repository,
                                     const std::string& sha256, Missing missing) {
    const std::string path = "public/" + layout::tree_part(repository, sha256);
    if (missing == Missing::is_gone && !filesystem.status(path)) return std::nullopt;
    if (!filesystem.status(path)) {
        throw Error(ErrorKind::integrity, "read", path, "it is not there",
                    "repotool fsck shows what else is damaged");
    }
    std::string text = fs::read_file(filesystem, path, kPartLimit);
    if (const std::string found = base::sha256_hex(text); found != sha256) {
        throw Error(ErrorKind::integrity, "read", path, fmt::format("its content has digest {}", found),
                    "repotool fsck shows what else is damaged");
    }
    return text;
}

void add_set(GenerationNames& names, const std::string& repository, const SetEntry& set) {
    for (auto& file : index_files(repository, set)) names.indexes.push_back(std::move(file));
    if (!set.chunks.sha256.empty()) names.package_lists.push_back(set.chunks.sha256);
    if (set.contents) names.other_lists.push_back(set.contents->lines.sha256);
    for (const auto& index : set.indexes) {
        if (index.compression == "none") names.texts.push_back(index.sha256);
    }
}

}  // namespace

GenerationNames read_generation_names(fs::Filesystem& filesystem, const std::string& directory,
                                      const std::string& repository, Missing missing) {
    GenerationNames names;
    const std::string path = directory + "/MANIFEST";
    if (missing == Missing::is_gone && !filesystem.status(path)) return names;
    names.manifest = parse_manifest(fs::read_file(filesystem, path, kPartLimit));
    if (names.manifest.repository != repository) {
        throw Error(ErrorKind::integrity, "read", path,
                    fmt::format("it is the manifest of '{}'", names.manifest.repository));
    }
    drop_what_is_not_carried(filesystem, directory, names.manifest);
    std::vector<SubManifest> sub_manifests;
    for (const auto& [format, reference] : names.manifest.formats) {
        if (const auto text = read_part(filesystem, repository, reference.sha256, missing))
            sub_manifests.push_back(parse_sub_manifest(*text));
    }
    for (const auto& sub_manifest : sub_manifests) {
        for (const auto& set : sub_manifest.sets) add_set(names, repository, set);
        for (const auto& set : sub_manifest.translations) add_set(names, repository, set);
    }
    for (const auto& link : shared_links(repository, sub_manifests))
        names.indexes.push_back({link.path, "", 0});
    for (auto& part : manifest_parts(names.manifest, sub_manifests)) {
        const auto& formats = names.manifest.formats;
        const bool is_root = std::any_of(formats.begin(), formats.end(), [&](const auto& entry) {
            return entry.second.sha256 == part.sha256;
        });
        (is_root ? names.roots : names.parts).push_back(std::move(part));
    }
    return names;
}

ChunkList read_chunk_list(fs::Filesystem& filesystem, const std::string& repository,
                          const std::string& sha256, Missing missing) {
    const auto text = read_part(filesystem, repository, sha256, missing);
    return text ? parse_chunk_list(*text) : ChunkList{};
}

std::string read_chunk_text(fs::Filesystem& filesystem, const std::string& repository,
                            const std::string& sha256, Missing missing) {
    return read_part(filesystem, repository, sha256, missing).value_or("");
}

std::vector<Record> read_chunk(fs::Filesystem& filesystem, const std::string& repository,
                               const std::string& sha256, Missing missing) {
    const auto text = read_part(filesystem, repository, sha256, missing);
    return text ? parse_records(*text) : std::vector<Record>{};
}

}  // namespace repotool::store
