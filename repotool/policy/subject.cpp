// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/subject.hpp"

#include <algorithm>
#include <functional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

bool is_published(fs::Filesystem& filesystem, const std::string& repository) {
    return store::is_repository_name(repository) &&
           store::make_symlink_head(filesystem, "public", repository)->current().has_value();
}

// Empty where `open` finds none.
std::optional<GenerationName> name_if_there(const std::function<store::GenerationReader()>& open) {
    try {
        return name_of(open());
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::usage) throw;
        return std::nullopt;
    }
}

std::optional<GenerationName> find_generation(fs::Filesystem& filesystem, const std::string& reference) {
    return name_if_there([&] { return store::open_generation(filesystem, "public", reference); });
}

// What a record says under this key, by the last request that says anything.
std::string meta_of(const store::HistoryRecord& record, const std::string& key) {
    for (auto request = record.requests.rbegin(); request != record.requests.rend(); ++request) {
        if (const auto found = request->meta.find(key); found != request->meta.end()) return found->second;
    }
    const auto found = record.meta.find(key);
    return found == record.meta.end() ? "" : found->second;
}

}  // namespace

store::GenerationReader open_change(fs::Filesystem& filesystem, const std::string& change) {
    const std::string name = change.substr(0, change.find('@'));
    const bool is_test = !is_published(filesystem, name) && is_published(filesystem, "test/" + name);
    return store::open_generation(filesystem, "public", is_test ? "test/" + change : change);
}

std::optional<GenerationName> find_change(fs::Filesystem& filesystem, const std::string& change) {
    return name_if_there([&] { return open_change(filesystem, change); });
}

GenerationName name_of(const store::GenerationReader& generation) {
    return {generation.manifest().repository, generation.manifest().generation, generation.manifest_sha256()};
}

std::vector<TestedPackage> packages_of(const store::GenerationReader& generation) {
    const std::string& repository = generation.manifest().repository;
    std::vector<TestedPackage> packages;
    for (const auto& sub_manifest : generation.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) {
            generation.for_each_record(set, [&](const store::Record& record) {
                packages.push_back({sub_manifest.format, set.dist, set.component, record.name, record.version,
                                    record.architecture, record.sha256, record.unsigned_sha256,
                                    store::pool_files(repository, record)[0].path});
            });
        }
    }
    return packages;
}

std::optional<GenerationName> base_of(const store::GenerationReader& generation) {
    fs::Filesystem& filesystem = generation.filesystem();
    const auto& manifest = generation.manifest();
    const auto records = store::History(filesystem, manifest.repository).read_back(1);
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
        if (record->generation > manifest.generation) continue;
        const std::string base = meta_of(*record, kBaseMeta);
        if (!base.empty()) return find_generation(filesystem, base);
    }
    return std::nullopt;
}

std::vector<GenerationName> sources_of(const store::GenerationReader& generation) {
    fs::Filesystem& filesystem = generation.filesystem();
    const auto& manifest = generation.manifest();
    std::vector<GenerationName> sources;
    for (const auto& record :
         store::History(filesystem, manifest.repository).read_back(manifest.generation)) {
        if (record.generation != manifest.generation) continue;
        for (const auto& reference : base::split(meta_of(record, kSourcesMeta), ' ')) {
            if (reference.empty()) continue;
            const auto source = find_generation(filesystem, reference);
            if (source && std::find(sources.begin(), sources.end(), *source) == sources.end())
                sources.push_back(*source);
        }
    }
    return sources;
}

}  // namespace repotool::publisher
