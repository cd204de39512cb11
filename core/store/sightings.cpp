// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/sightings.hpp"

#include <map>

#include "core/fs/tree.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/layout.hpp"
#include "core/store/roster.hpp"

namespace repotool::store {
namespace {

class Search {
public:
    Search(fs::Filesystem& filesystem, const std::string& repository, const WantedRecord& wanted,
           const WantedFile& wanted_file)
        : filesystem_(filesystem), repository_(repository), wanted_(wanted), wanted_file_(wanted_file) {}

    Sightings run() {
        for (const auto generation : list_generations(filesystem_, "public", repository_)) {
            const std::string directory = "public/" + layout::generation(repository_, generation);
            if (look_at(directory, Missing::is_damage)) found_.generations.insert(generation);
        }
        // What somebody took out of gen/ before its grace was over, and what is condemned.
        for (const auto& waste : list_waste(filesystem_, layout::kTrash, repository_))
            look_at(fs::join_path(layout::kTrash, waste.name()), Missing::is_gone);
        for (const auto& waste : list_waste(filesystem_, layout::kCondemned, repository_)) {
            for (const auto& [path, file] : read_condemned(filesystem_, waste)) {
                if (wanted_file_(file)) found_.files.emplace(path, file);
            }
        }
        return std::move(found_);
    }

private:
    bool look_at(const std::string& directory, Missing missing) {
        bool has = false;
        for (const auto& list :
             read_generation_names(filesystem_, directory, repository_, missing).package_lists)
            has = list_has(list, missing) || has;
        return has;
    }

    bool list_has(const std::string& sha256, Missing missing) {
        const auto [known, is_new] = lists_.try_emplace(sha256, false);
        if (!is_new) return known->second;
        bool has = false;
        for (const auto& chunk : read_chunk_list(filesystem_, repository_, sha256, missing))
            has = chunk_has(chunk.sha256, missing) || has;
        return lists_[sha256] = has;
    }

    bool chunk_has(const std::string& sha256, Missing missing) {
        const auto [known, is_new] = chunks_.try_emplace(sha256, false);
        if (!is_new) return known->second;
        bool has = false;
        for (const auto& record : read_chunk(filesystem_, repository_, sha256, missing)) {
            if (!wanted_(record)) continue;
            has = true;
            if (!seen_.insert(record.path + "\n" + record.sha256).second) continue;
            add_package_files(found_.files, repository_, record);
            found_.records.push_back(record);
        }
        return chunks_[sha256] = has;
    }

    fs::Filesystem& filesystem_;
    const std::string& repository_;
    const WantedRecord& wanted_;
    const WantedFile& wanted_file_;
    std::map<std::string, bool> lists_, chunks_;
    std::set<std::string> seen_;
    Sightings found_;
};

}  // namespace

Sightings find_packages(fs::Filesystem& filesystem, const std::string& repository, const WantedRecord& wanted,
                        const WantedFile& wanted_file) {
    return Search(filesystem, repository, wanted, wanted_file).run();
}

}  // namespace repotool::store
