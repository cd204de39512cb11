// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/generation_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/digest.hpp"
#include "core/formats/rpm/repomd_writer.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/index/set_form.hpp"

namespace repotool::publisher {
namespace {

// Collects the pointer files of one format.
class PointerStage {
public:
    PointerStage(store::Transaction& transaction, store::SubManifest& sub_manifest, base::UnixSeconds date)
        : transaction_(transaction), sub_manifest_(sub_manifest), date_(date) {}
    void add(const std::string& path, const std::string& bytes) {
        transaction_.add_tree_file(path, bytes, date_);
        sub_manifest_.pointers.push_back({path, base::sha256_hex(bytes), bytes.size()});
    }

private:
    store::Transaction& transaction_;
    store::SubManifest& sub_manifest_;
    base::UnixSeconds date_;
};

void stage_apt_pointers(store::Transaction& transaction, store::SubManifest& sub_manifest,
                        const GenerationRequest& request, const Config& config, signing::Signer* signer) {
    PointerStage stage(transaction, sub_manifest, request.date);
    std::set<std::string> dists;
    for (const auto& set : sub_manifest.sets) dists.insert(set.dist);
    for (const auto& dist : dists) {
        const std::string text = formats::deb::render_release(
            release_of(request.repository, dist, sub_manifest, config, request.date));
        const std::string directory = fmt::format("dists/{}/", dist);
        stage.add(directory + "Release", text);
        if (signer == nullptr) continue;
        stage.add(directory + "Release.gpg", signer->detach_sign(text));
        stage.add(directory + "InRelease", signer->clear_sign(text));
    }
}

std::vector<formats::rpm::RepomdRecord> repomd_records(const store::SetEntry& set, base::UnixSeconds date) {
    std::vector<formats::rpm::RepomdRecord> records;
    for (const auto& index : set.indexes) {
        if (index.compression == "none") continue;
        const store::IndexEntry* text = set.find_index(index.name, "none");
        records.push_back(
            {index.name,
             "repodata/" + store::layout::rpm_index_name(index.name, index.compression, index.sha256),
             index.sha256, index.size, text->sha256, text->size, date});
    }
    for (const auto& extra : set.extras) {
        const bool is_packed = extra.sha256 != extra.open_sha256;
        records.push_back({extra.type, fmt::format("repodata/{}-{}", extra.sha256, extra.name), extra.sha256,
                           extra.size, is_packed ? extra.open_sha256 : "", extra.open_size, date});
    }
    return records;
}

// A block for each key: rpm reads no more than one key from a block.
std::string all_keys(signing::Signer& signer) {
    std::string text;
    for (const auto& key : signer.public_keys()) text += key.armored;
    return text;
}

void stage_rpm_pointers(store::Transaction& transaction, store::SubManifest& sub_manifest,
                        const GenerationRequest& request, const Config& config, signing::Signer* signer) {
    PointerStage stage(transaction, sub_manifest, request.date);
    for (const auto& set : sub_manifest.sets) {
        const std::string pin = store::layout::pin_directory(set.dist, set.architecture);
        const std::string repomd =
            formats::rpm::render_repomd(request.date, repomd_records(set, request.date));
        stage.add(pin + "/repodata/repomd.xml", repomd);
        if (signer != nullptr) {
            stage.add(pin + "/repodata/repomd.xml.asc", signer->detach_sign(repomd));
            stage.add(pin + "/repodata/repomd.xml.key", all_keys(*signer));
        }
        const std::string mirrorlist = mirrorlist_text(config, request.repository, request.number, set);
        if (mirrorlist.empty()) continue;
        transaction.add_tree_file(store::layout::rpm_directory(set.dist, set.architecture) + "/mirrorlist",
                                  mirrorlist, request.date);
    }
}

store::Manifest make_manifest(store::Transaction& transaction, const GenerationRequest& request) {
    store::Manifest manifest;
    manifest.repository = request.repository;
    manifest.generation = request.number;
    manifest.date = request.date;
    if (request.parent != nullptr) {
        manifest.parent =
            store::ParentReference{request.parent->manifest().generation, request.parent->manifest_sha256()};
        manifest.epoch = request.parent->manifest().epoch;
    }
    for (const auto& sub_manifest : request.sub_manifests) {
        const std::string text = store::render_sub_manifest(sub_manifest);
        const store::ContentReference reference{base::sha256_hex(text), text.size()};
        transaction.add_content_bytes(store::layout::tree_part(request.repository, reference.sha256), text,
                                      request.date);
        manifest.formats[sub_manifest.format] = reference;
    }
    return manifest;
}

// In place of the set of that name.
void put_set(std::vector<store::SetEntry>& sets, const store::SetEntry& entry) {
    std::erase_if(sets, [&](const store::SetEntry& old) {
        return old.dist == entry.dist && old.component == entry.component &&
               old.architecture == entry.architecture;
    });
    sets.push_back(entry);
}

}  // namespace

std::string mirrorlist_text(const Config& config, const std::string& repository, std::uint64_t generation,
                            const store::SetEntry& set) {
    if (config.base_url.empty()) return {};
    return fmt::format("{}/{}/{}/\n", config.base_url, store::layout::generation(repository, generation),
                       store::layout::pin_directory(set.dist, set.architecture));
}

std::vector<store::SubManifest> merge_sets(const store::GenerationReader* parent,
                                           const std::vector<BuiltSet>& built) {
    std::map<std::string, store::SubManifest> by_format;
    if (parent != nullptr) {
        for (const auto& sub_manifest : parent->sub_manifests())
            by_format[sub_manifest.format] = {
                sub_manifest.format, {}, sub_manifest.sets, sub_manifest.translations};
    }
    for (const auto& set : built) {
        const std::string format = formats::format_name(set.plan.format);
        auto& sub_manifest = by_format[format];
        sub_manifest.format = format;
        const bool is_translation = set.entry.architecture == store::layout::kTranslations;
        put_set(is_translation ? sub_manifest.translations : sub_manifest.sets, set.entry);
        if (is_translation || !has_descriptions(set.plan.format, set.entry.architecture) ||
            set.descriptions == Descriptions::split)
            continue;
        std::erase_if(sub_manifest.translations, [&](const store::SetEntry& old) {
            return old.dist == set.entry.dist && old.component == set.entry.component;
        });
    }
    std::vector<store::SubManifest> merged;
    for (auto& [format, sub_manifest] : by_format) merged.push_back(std::move(sub_manifest));
    return merged;
}

StagedGeneration stage_generation(store::Transaction& transaction, GenerationRequest request,
                                  const Config& config, signing::Signer* signer) {
    for (auto& sub_manifest : request.sub_manifests) {
        sub_manifest.pointers.clear();
        const auto stage = sub_manifest.format == "deb" ? stage_apt_pointers : stage_rpm_pointers;
        stage(transaction, sub_manifest, request, config, signer);
    }
    StagedGeneration staged;
    staged.manifest = make_manifest(transaction, request);
    staged.manifest_text = store::render_manifest(staged.manifest);
    staged.manifest_sha256 = base::sha256_hex(staged.manifest_text);
    transaction.add_tree_file("MANIFEST", staged.manifest_text, request.date);
    if (signer != nullptr)
        transaction.add_tree_file("MANIFEST.asc", signer->detach_sign(staged.manifest_text), request.date);
    staged.sub_manifests = std::move(request.sub_manifests);
    staged.parent = request.parent;
    for (const auto& link : store::generation_links(staged.manifest, staged.sub_manifests))
        transaction.add_tree_link(link.path, link.target);
    for (const auto& link : store::shared_links(request.repository, staged.sub_manifests))
        transaction.add_shared_link(link.path, link.target);
    return staged;
}

}  // namespace repotool::publisher
