// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/trash_collector.hpp"

#include <algorithm>

#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/leaving.hpp"
#include "core/store/name_remover.hpp"
#include "core/store/reserve.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::store {
namespace {

constexpr std::size_t kMostAtOnce = 128;  // renames in one turn: they are made durable together

std::string trash_path(const Waste& waste) {
    return fs::join_path(layout::kTrash, waste.name());
}

std::string generation_path(const Waste& waste) {
    return "public/" + layout::generation(waste.repository, waste.generation);
}

}  // namespace

void move_to_trash(fs::Filesystem& filesystem, const std::vector<Waste>& generations) {
    if (generations.empty()) return;
    // What they are is told in the trash before they leave: a rename between two directories may lose both
    // names in a power cut.
    SyncBatch told(filesystem);
    for (const auto& waste : generations) {
        const std::string trash = trash_path(waste);
        filesystem.make_directory(trash, 0700);
        if (!filesystem.status(trash + "/MANIFEST"))
            filesystem.link(generation_path(waste) + "/MANIFEST", trash + "/MANIFEST");
        told.add_directory(trash);
    }
    told.add_directory(layout::kTrash);
    told.flush();
    for (const auto& waste : generations) {
        const std::string tree = trash_path(waste) + "/tree";
        fs::remove_tree(filesystem, tree);
        filesystem.rename(generation_path(waste), tree, fs::Replace::no);
    }
    // Nothing that only they name goes before everybody agrees that they are gone.
    filesystem.sync_directory("public/" + layout::generations(generations.front().repository));
}

std::vector<Waste> due_trash(fs::Filesystem& filesystem, const std::string& repository,
                             const RetentionRules& rules, base::UnixSeconds now) {
    auto due = list_waste(filesystem, layout::kTrash, repository);
    std::erase_if(due, [&](const Waste& waste) { return now < waste.superseded + rules.grace_metadata; });
    return due;
}

std::vector<std::uint64_t> TrashCollector::retire() {
    std::vector<std::uint64_t> retired;
    const auto leaving = [&] {
        std::vector<Waste> found;
        const auto standing = judge_generations(filesystem_, repository_, rules_, site_.clock().real_now());
        for (const auto& generation : standing.generations) {
            if (generation.reason == Reason::none && found.size() < kMostAtOnce)
                found.push_back({repository_, generation.generation, *generation.superseded});
        }
        return found;
    };
    if (leaving().empty()) return retired;  // no need to disturb anybody
    in_turns(site_, repository_, lock_, [&](const TurnTime&) {
        const auto found = leaving();
        with_reserve(filesystem_, [&] { move_to_trash(filesystem_, found); });
        for (const auto& waste : found) retired.push_back(waste.generation);
        return found.size() == kMostAtOnce;
    });
    return retired;
}

Tally TrashCollector::empty() {
    Tally removed;
    const auto trash = due_trash(filesystem_, repository_, rules_, site_.clock().real_now());
    if (trash.empty()) return removed;
    std::vector<LeavingGeneration> generations;
    for (const auto& waste : trash) generations.push_back({waste, trash_path(waste)});
    LiveNames live(filesystem_, repository_);
    live.refresh();
    const LeavingNames leaving = gather_leaving(filesystem_, repository_, generations, live);
    // 1. The package names are on their list before the chunks that name them go.
    for (const auto& [waste, files] : leaving.packages)
        with_reserve(filesystem_, [&] { write_condemned(filesystem_, waste, files); });
    // 2. What names nothing, then what names that, each durable before the next: whoever is killed in
    // between leaves enough to go on from.
    for (const auto& paths : leaving.metadata) remove_metadata(live, paths, removed);
    // 3. The generation itself.
    for (const auto& waste : trash) fs::remove_tree(filesystem_, trash_path(waste));
    return removed;
}

void TrashCollector::remove_metadata(LiveNames& live, const std::set<std::string>& paths, Tally& removed) {
    NameRemover remover(filesystem_, repository_);
    auto next = paths.begin();
    const auto turn = [&](const TurnTime& time) {
        live.refresh();  // a publish since the last turn may rely on what was garbage then
        for (; next != paths.end() && !time.is_over(); ++next) {
            const auto status = filesystem_.status("public/" + *next);
            if (!status || live.names(*next)) continue;
            remover.remove(*next);
            removed.add(status->size);
        }
        remover.prune();
        return next != paths.end();
    };
    if (!paths.empty()) in_turns(site_, repository_, lock_, turn, [&] { remover.sync(); });
}

}  // namespace repotool::store
