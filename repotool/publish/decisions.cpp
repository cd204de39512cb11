// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/decisions.hpp"

#include <algorithm>

namespace repotool::publisher {
namespace {

using store::Record;
using store::record_key;

Decision decision_of(Action action, const SetName& set, const Record& record) {
    return {action, set.format, set.dist, set.component, record};
}

}  // namespace

Decisions::Key Decisions::key(const SetName& set, const std::string& name) {
    return {set.format, set.dist, set.component, name};
}

void Decisions::added(const SetName& set, const Record& record, const std::string& origin) {
    Decision decision = decision_of(Action::added, set, record);
    decision.origin = origin;
    by_key_[key(set, record_key(record))] = std::move(decision);
}

void Decisions::unchanged(const SetName& set, const Record& record) {
    const auto [own, is_new] =
        by_key_.try_emplace(key(set, record_key(record)), decision_of(Action::unchanged, set, record));
    if (!is_new && own->second.action == Action::refused)
        own->second = decision_of(Action::unchanged, set, record);
}

void Decisions::refused(const SetName& set, const Record& record, const std::string& origin,
                        const std::string& reason) {
    Decision decision = decision_of(Action::refused, set, record);
    decision.origin = origin;
    decision.reason = reason;
    by_key_.try_emplace(key(set, record_key(record)), std::move(decision));
}

void Decisions::left(Action action, const SetName& set, const Record& record) {
    const auto own = by_key_.find(key(set, record_key(record)));
    const bool came_with_this = own != by_key_.end() && own->second.record.sha256 == record.sha256;
    const std::string name = came_with_this ? record_key(record) : record_key(record) + "\n" + record.sha256;
    by_key_[key(set, name)] = decision_of(action, set, record);
}

void Decisions::withdraw(const SetName& set, const Record& record, const std::string& reason) {
    const auto own = by_key_.find(key(set, record_key(record)));
    if (own == by_key_.end()) return;
    own->second.action = Action::refused;
    own->second.reason = reason;
}

bool Decisions::is_added(const SetName& set, const Record& record) const {
    const auto own = by_key_.find(key(set, record_key(record)));
    return own != by_key_.end() && own->second.action == Action::added &&
           own->second.record.sha256 == record.sha256;
}

bool Decisions::has_change() const {
    return std::any_of(by_key_.begin(), by_key_.end(),
                       [](const auto& decision) { return is_change(decision.second); });
}

std::vector<Decision> Decisions::take() {
    std::vector<Decision> list;
    for (auto& [key, decision] : by_key_) list.push_back(std::move(decision));
    by_key_.clear();
    return list;
}

}  // namespace repotool::publisher
