// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/set_view.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace repotool::publisher {

using store::record_key;

SetView::SetView(const store::GenerationReader* parent, const store::SetEntry* set) : parent_(parent) {
    if (parent != nullptr && set != nullptr) chunks_ = parent->chunk_list(*set);
    loaded_ = chunks_.size();
}

SetView::SetView(const store::GenerationReader* parent, const SetPlan& plan) : parent_(parent), plan_(&plan) {
    for (const auto& piece : plan.pieces) chunks_.push_back(piece.reference);
    loaded_ = chunks_.size();
}

const std::vector<store::Record>& SetView::records(std::size_t chunk) {
    if (plan_ != nullptr && !plan_->pieces[chunk].parent_index) return plan_->pieces[chunk].records;
    if (loaded_ != chunk) read_ = parent_->records(chunks_[chunk]);
    loaded_ = chunk;
    return read_;
}

void SetView::for_each(const std::function<void(const store::Record&)>& visit) {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        for (const auto& record : records(i)) visit(record);
    }
}

std::vector<store::Record> SetView::named(const std::string& name) {
    const std::string prefix = name + "\n";
    std::vector<store::Record> found;
    // Chunks whose first key is beyond every key of that name hold none of it.
    for (std::size_t i = store::find_chunk(chunks_, prefix).value_or(chunks_.size());
         i < chunks_.size() && chunks_[i].first_key.substr(0, prefix.size()) <= prefix; ++i) {
        for (const auto& record : records(i)) {
            if (record.name == name) found.push_back(record);
        }
    }
    return found;
}

bool SetView::contains(const std::string& key) {
    const auto place = store::find_chunk(chunks_, key);
    if (!place) return false;
    const auto& in_chunk = records(*place);
    return std::any_of(in_chunk.begin(), in_chunk.end(),
                       [&](const store::Record& record) { return record_key(record) == key; });
}

SetChanges changes_of(const SetPlan& plan, const store::GenerationReader* parent) {
    std::set<std::size_t> kept;
    std::map<std::string, store::Record> added;
    for (const auto& piece : plan.pieces) {
        if (piece.parent_index) kept.insert(*piece.parent_index);
        for (const auto& record : piece.records) added.emplace(record_key(record), record);
    }
    SetChanges changes;
    const store::ChunkList before =
        plan.parent == nullptr ? store::ChunkList{} : parent->chunk_list(*plan.parent);
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (kept.contains(i)) continue;
        for (const auto& record : parent->records(before[i])) {
            const auto same = added.find(record_key(record));
            if (same != added.end() && same->second == record) {
                added.erase(same);
            } else {
                changes.removed.push_back(record);
            }
        }
    }
    for (auto& [key, record] : added) changes.added.push_back(std::move(record));
    return changes;
}

}  // namespace repotool::publisher
