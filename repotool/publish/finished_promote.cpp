// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/finished_promote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/store/history.hpp"
#include "repotool/inspect/comparison.hpp"

namespace repotool::publisher {
namespace {

using store::GenerationReader;
using store::HistoryRecord;

bool has_journal(const std::map<std::string, std::string>& meta, const std::string& id) {
    const auto found = meta.find(kMoveKey);
    return found != meta.end() && found->second == id;
}

// What the history says that the promote changed; others may have been published together with it.
std::vector<store::PackageChange> changes_of(const HistoryRecord& record, const std::string& id) {
    if (record.requests.empty()) return record.changes;
    std::vector<store::PackageChange> own;
    for (const auto& change : record.changes)
        if (has_journal(record.requests.at(change.request).meta, id)) own.push_back(change);
    return own;
}

bool is_same(const store::PackageChange& change, const Decision& decision) {
    const store::Record& record = decision.record;
    return change.format == formats::format_name(decision.format) && change.dist == decision.dist &&
           change.component == decision.component && change.name == record.name &&
           change.version == record.version && change.architecture == record.architecture &&
           change.sha256 == record.sha256;
}

// The history names packages; the generations have their records.
std::vector<Decision> decisions_of(const std::vector<store::PackageChange>& changes,
                                   const std::vector<Decision>& differences) {
    std::vector<Decision> decisions;
    for (const auto& change : changes) {
        const auto found = std::find_if(differences.begin(), differences.end(),
                                        [&](const Decision& each) { return is_same(change, each); });
        if (found == differences.end()) continue;
        decisions.push_back(*found);
        decisions.back().action = parse_action(change.action);
        decisions.back().origin = change.origin;
    }
    return decisions;
}

std::vector<Decision> differences_of(fs::Filesystem& filesystem, const HistoryRecord& record,
                                     const std::string& repository) {
    const GenerationReader generation(filesystem, "public", repository, record.generation);
    if (record.parent == 0) return everything_in(generation);
    return compare_generations(GenerationReader(filesystem, "public", repository, record.parent), generation);
}

}  // namespace

void answer_for(const FinishedPromote& dead, const PublishContext& context, PublishResult& result) {
    if (result.changed || result.generation != dead.generation) return;
    fs::Filesystem& filesystem = context.site.filesystem();
    const auto records = store::History(filesystem, dead.repository).read();
    const auto record = std::find_if(records.rbegin(), records.rend(), [&](const HistoryRecord& each) {
        return each.generation == dead.generation;
    });
    if (record == records.rend()) return;
    result.changed = true;
    result.parent = record->parent;
    result.decisions =
        decisions_of(changes_of(*record, dead.id), differences_of(filesystem, *record, dead.repository));
    result.moves = dead.moves;
    result.notes.push_back(fmt::format(
        "a run of this promote that died had published {}@{}; only its files were still to be moved",
        dead.repository, dead.generation));
}

}  // namespace repotool::publisher
