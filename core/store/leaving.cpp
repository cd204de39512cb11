// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/leaving.hpp"

#include <algorithm>
#include <functional>

#include "core/base/checksum.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {
namespace {

class Gathering {
public:
    Gathering(fs::Filesystem& filesystem, const std::string& repository, const LiveNames& live)
        : filesystem_(filesystem), repository_(repository), live_(live) {}

    void add(const LeavingGeneration& generation) {
        const auto names =
            read_generation_names(filesystem_, generation.directory, repository_, Missing::is_gone);
        add_files(0, names.indexes);
        add_files(1, names.parts);
        add_files(2, names.roots);
        for (const auto& list : names.other_lists) dead_chunks(list);
        std::vector<std::string> chunks;
        for (const auto& list : names.package_lists) {
            for (auto& chunk : dead_chunks(list)) chunks.push_back(std::move(chunk));
        }
        CondemnedFiles packages = packages_in(chunks);
        const std::string list = fs::join_path(layout::kCondemned, generation.waste.name());
        if (filesystem_.status(list)) return;  // written by a gc that did not come to the end
        if (!packages.empty()) result_.packages.emplace_back(generation.waste, std::move(packages));
    }

    LeavingNames finish() {
        std::set<std::string> names;
        for (const auto& [waste, files] : result_.packages) names.merge(package_names(files));
        live_.visit_packages(names, 0, [&](const Record& record) {
            for (auto& [waste, files] : result_.packages) keep_package_files(files, repository_, record);
        });
        std::erase_if(result_.packages, [](const auto& entry) { return entry.second.empty(); });
        return std::move(result_);
    }

private:
    // Most lines of a chunk that changed are in the chunk that took its place: to parse them would cost far
    // more than to compare them.
    CondemnedFiles packages_in(const std::vector<std::string>& chunks) {
        const auto for_each = [&](const std::function<void(std::string_view)>& visit) {
            for (const auto& chunk : chunks)
                for_each_line(read_chunk_text(filesystem_, repository_, chunk, Missing::is_gone), visit);
        };
        std::set<std::string> names;
        for_each([&](std::string_view line) { names.emplace(peek_name(line)); });
        names.erase("");
        const auto living = live_.lines_of(names);
        CondemnedFiles packages;
        for_each([&](std::string_view line) {
            if (living.contains(base::checksum64(line))) return;
            for (const auto& record : parse_records(line)) add_package_files(packages, repository_, record);
        });
        return packages;
    }

    void add_files(std::size_t stage, const std::vector<ContentFile>& files) {
        for (const auto& file : files) {
            if (!live_.names(file.path)) result_.metadata.at(stage).insert(file.path);
        }
    }

    // The chunks of a list that no generation that stays has, and none that was added before.
    std::vector<std::string> dead_chunks(const std::string& list) {
        std::vector<std::string> dead;
        if (!seen_lists_.insert(list).second) return dead;
        for (const auto& chunk : read_chunk_list(filesystem_, repository_, list, Missing::is_gone)) {
            const std::string path = layout::tree_part(repository_, chunk.sha256);
            if (!live_.names(path) && result_.metadata[0].insert(path).second) dead.push_back(chunk.sha256);
        }
        return dead;
    }

    fs::Filesystem& filesystem_;
    const std::string& repository_;
    const LiveNames& live_;
    std::set<std::string> seen_lists_;
    LeavingNames result_;
};

}  // namespace

LeavingNames gather_leaving(fs::Filesystem& filesystem, const std::string& repository,
                            std::vector<LeavingGeneration> generations, const LiveNames& live) {
    std::sort(generations.begin(), generations.end(),
              [](const auto& a, const auto& b) { return a.waste.generation > b.waste.generation; });
    Gathering gathering(filesystem, repository, live);
    for (const auto& generation : generations) gathering.add(generation);
    return gathering.finish();
}

}  // namespace repotool::store
