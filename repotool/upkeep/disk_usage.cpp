// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/disk_usage.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/fs/tree.hpp"
#include "core/store/collector.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/layout.hpp"
#include "core/store/live_names.hpp"
#include "core/store/roster.hpp"
#include "repotool/upkeep/garbage.hpp"
#include "repotool/upkeep/if_allowed.hpp"

namespace repotool::publisher {
namespace {

class Count {
public:
    explicit Count(OpenSite& site) : site_(site), filesystem_(*site.filesystem) {}

    SiteUsage run() {
        const auto garbage = if_allowed([&] {
            return store::plan_collection(*site_.site, {retention_rules(site_.config), {}}).repositories;
        });
        for (const auto& name : repositories()) usage_.repositories.push_back(count(name, garbage));
        for (const auto& [sha256, file] : files_) {
            usage_.packages += file.size;
            for (const auto index : file.repositories) {
                auto& repository = usage_.repositories[index];
                (file.repositories.size() == 1 ? repository.exclusive : repository.shared) += file.size;
            }
        }
        usage_.caches = if_allowed([&] { return count_caches(); });
        usage_.free = filesystem_.free_bytes();
        return std::move(usage_);
    }

private:
    struct PackageFile {
        std::uint64_t size = 0;
        std::vector<std::size_t> repositories;  // ascending
    };
    using Garbage = std::optional<std::vector<store::CollectedRepository>>;

    std::vector<std::string> repositories() {
        const auto known = if_allowed([&] { return store::known_repositories(filesystem_); });
        return known ? *known : store::list_repositories(filesystem_, "public");
    }

    RepositoryUsage count(const std::string& name, const Garbage& garbage) {
        RepositoryUsage usage;
        usage.repository = name;
        std::set<std::uint64_t> leaving;
        if (garbage) usage.garbage = 0;
        for (const auto& one : garbage.value_or(std::vector<store::CollectedRepository>{})) {
            if (one.repository != name) continue;
            leaving.insert(one.retired.begin(), one.retired.end());
            usage.garbage = one.metadata.bytes + one.packages.bytes + one.waiting.bytes;
        }
        std::map<std::string, std::uint64_t> metadata;
        for (const auto generation : store::list_generations(filesystem_, "public", name)) {
            if (leaving.contains(generation)) continue;
            ++usage.generations;
            add_metadata(metadata, name, generation);
        }
        for (const auto& [path, size] : metadata) usage.metadata += size;
        store::LiveNames live(filesystem_, name, leaving);
        live.refresh();
        live.visit_all(0, [&](const store::Record& record) { add_package(name, record); });
        return usage;
    }

    void add_metadata(std::map<std::string, std::uint64_t>& metadata, const std::string& repository,
                      std::uint64_t generation) {
        const std::string directory = "public/" + store::layout::generation(repository, generation);
        const auto names =
            store::read_generation_names(filesystem_, directory, repository, store::Missing::is_damage);
        for (const auto* files : {&names.indexes, &names.parts, &names.roots}) {
            for (const auto& file : *files) metadata[file.path] = file.size;
        }
        for (const auto* lists : {&names.package_lists, &names.other_lists}) {
            for (const auto& list : *lists) {
                for (const auto& chunk :
                     store::read_chunk_list(filesystem_, repository, list, store::Missing::is_damage))
                    add_chunk(metadata, store::layout::tree_part(repository, chunk.sha256));
            }
        }
        fs::walk(filesystem_, directory, [&](const std::string& path, const fs::Status& status) {
            if (status.kind == fs::Kind::file) metadata[path] = status.size;
        });
    }

    void add_chunk(std::map<std::string, std::uint64_t>& metadata, const std::string& path) {
        const auto [known, is_new] = metadata.try_emplace(path, 0);
        if (!is_new) return;
        if (const auto status = filesystem_.status("public/" + path)) known->second = status->size;
    }

    void add_package(const std::string& repository, const store::Record& record) {
        const std::size_t index = usage_.repositories.size();  // of the one that is being counted
        for (const auto& file : store::pool_files(repository, record)) {
            PackageFile& package = files_[file.sha256];
            package.size = file.size;
            if (package.repositories.empty() || package.repositories.back() != index)
                package.repositories.push_back(index);
        }
    }

    std::uint64_t count_caches() {
        std::uint64_t bytes = 0;
        if (const auto status = filesystem_.status(store::layout::kRecordCache)) bytes += status->size;
        fs::walk(filesystem_, "private/text",
                 [&](const std::string&, const fs::Status& status) { bytes += status.size; });
        return bytes;
    }

    OpenSite& site_;
    fs::Filesystem& filesystem_;
    std::unordered_map<std::string, PackageFile> files_;
    SiteUsage usage_;
};

}  // namespace

SiteUsage disk_usage(OpenSite& site) {
    return Count(site).run();
}

}  // namespace repotool::publisher
