// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/working_sets.hpp"

#include <algorithm>

namespace repotool::publisher {
namespace {

using store::Record;
using store::record_key;

SetName name_of(formats::Format format, const store::SetEntry& set) {
    return {format, set.dist, set.component, set.architecture};
}

bool is_beside(const SetName& a, const SetName& b) {
    return a.format == b.format && a.dist == b.dist && a.component == b.component;
}

// Debug packages that are kept apart are installed beside the others.
store::SetKind audience(const SetName& name) {
    const auto kind = store::set_kind(name.architecture);
    return kind == store::SetKind::debug ? store::SetKind::binary : kind;
}

bool is_in_view(const SetName& a, const SetName& b) {
    return a.format == b.format && a.dist == b.dist && audience(a) == audience(b) &&
           store::machine_architecture(a.architecture) == store::machine_architecture(b.architecture);
}

}  // namespace

const store::SetEntry* WorkingSets::entry(const SetName& name) const {
    const auto* sub = parent_ == nullptr ? nullptr : parent_->find_format(formats::format_name(name.format));
    return sub == nullptr ? nullptr : sub->find_set(name.dist, name.component, name.architecture);
}

std::vector<SetName> WorkingSets::names() const {
    std::set<SetName> found;
    if (parent_ != nullptr) {
        for (const auto& sub : parent_->sub_manifests()) {
            for (const auto& set : sub.sets) found.insert(name_of(formats::parse_format(sub.format), set));
        }
    }
    for (const auto& [name, edits] : edits_) found.insert(name);
    return {found.begin(), found.end()};
}

std::vector<SetName> WorkingSets::names_beside(const SetName& wanted) const {
    std::vector<SetName> found = names();
    std::erase_if(found, [&](const SetName& name) { return !is_beside(name, wanted); });
    return found;
}

std::vector<SetName> WorkingSets::names_in_view(const SetName& wanted) const {
    std::vector<SetName> found = names();
    std::erase_if(found, [&](const SetName& name) { return !is_in_view(name, wanted); });
    return found;
}

void WorkingSets::begin(const SetName& name) {
    if (entry(name) != nullptr) return;
    edits_[name].has_begun = true;
}

const store::ChunkList& WorkingSets::chunks(const SetName& name) {
    const auto [place, is_new] = lists_.try_emplace(name);
    if (const auto* set = entry(name); is_new && set != nullptr) place->second = parent_->chunk_list(*set);
    return place->second;
}

const std::vector<Record>& WorkingSets::load(const store::ChunkReference& chunk) {
    const auto [place, is_new] = loaded_.try_emplace(chunk.sha256);
    if (is_new) place->second = parent_->records(chunk);
    return place->second;
}

std::optional<Record> WorkingSets::find_in_parent(const SetName& name, const std::string& key) {
    const store::ChunkList& list = chunks(name);
    const auto place = store::find_chunk(list, key);
    if (!place) return std::nullopt;
    const auto& records = load(list[*place]);
    const auto found = std::lower_bound(
        records.begin(), records.end(), key,
        [](const Record& record, const std::string& wanted) { return record_key(record) < wanted; });
    return found != records.end() && record_key(*found) == key ? std::optional(*found) : std::nullopt;
}

std::optional<Record> WorkingSets::find(const SetName& name, const std::string& key) {
    if (const auto edited = edits_.find(name); edited != edits_.end()) {
        if (const auto edit = edited->second.records.find(key); edit != edited->second.records.end())
            return edit->second;
    }
    return find_in_parent(name, key);
}

std::vector<Record> WorkingSets::range(const SetName& name, const std::string& from, const std::string& to) {
    std::map<std::string, Record> found;
    const store::ChunkList& list = chunks(name);
    for (std::size_t i = store::find_chunk(list, from).value_or(list.size()); i < list.size(); ++i) {
        if (!to.empty() && list[i].first_key >= to) break;
        for (const auto& record : load(list[i])) {
            const std::string key = record_key(record);
            if (key >= from && (to.empty() || key < to)) found.emplace(key, record);
        }
    }
    if (const auto edited = edits_.find(name); edited != edits_.end()) {
        const auto& edits = edited->second.records;
        for (auto edit = edits.lower_bound(from); edit != edits.end() && (to.empty() || edit->first < to);
             ++edit) {
            found.erase(edit->first);
            if (edit->second) found.emplace(edit->first, *edit->second);
        }
    }
    std::vector<Record> records;
    for (auto& [key, record] : found) records.push_back(std::move(record));
    return records;
}

std::vector<Record> WorkingSets::versions(const SetName& name, const std::string& package) {
    return range(name, package + "\n", package + "\v");  // keys are name LF version LF architecture
}

std::vector<Record> WorkingSets::all(const SetName& name) {
    return range(name, "", "");
}

std::vector<Record> WorkingSets::built_from(const SetName& name, const std::set<std::string>& sources) {
    std::map<std::string, Record> found;
    const store::ChunkList& list = chunks(name);
    for (const std::size_t place : store::find_source_chunks(list, sources)) {
        for (const auto& record : load(list[place])) {
            if (sources.contains(record.source)) found.emplace(record_key(record), record);
        }
    }
    if (const auto edited = edits_.find(name); edited != edits_.end()) {
        for (const auto& [key, record] : edited->second.records) {
            found.erase(key);
            if (record && sources.contains(record->source)) found.emplace(key, *record);
        }
    }
    std::vector<Record> records;
    for (auto& [key, record] : found) records.push_back(std::move(record));
    return records;
}

std::optional<std::string> WorkingSets::chunk_with(const SetName& name, const std::string& key) {
    if (!find_in_parent(name, key)) return std::nullopt;
    const store::ChunkList& list = chunks(name);
    return list[store::find_chunk(list, key).value()].sha256;
}

std::set<std::string> WorkingSets::chunk_digests(const SetName& name) {
    std::set<std::string> digests;
    for (const auto& chunk : chunks(name)) digests.insert(chunk.sha256);
    return digests;
}

bool WorkingSets::has_whole_chunk(const SetName& name, const std::string& sha256) {
    const store::ChunkList& list = chunks(name);
    const auto chunk = std::find_if(list.begin(), list.end(),
                                    [&](const auto& candidate) { return candidate.sha256 == sha256; });
    if (chunk == list.end()) return false;
    const auto edited = edits_.find(name);
    if (edited == edits_.end()) return true;
    const auto& edits = edited->second.records;
    const auto edit = edits.lower_bound(chunk->first_key);
    const auto next = std::next(chunk);
    return edit == edits.end() || (next != list.end() && edit->first >= next->first_key);
}

void WorkingSets::put(const SetName& name, const Record& record) {
    begin(name);
    const std::string key = record_key(record);
    if (find_in_parent(name, key) == record) {
        edits_[name].records.erase(key);
    } else {
        edits_[name].records[key] = record;
    }
}

void WorkingSets::erase(const SetName& name, const std::string& key) {
    if (find_in_parent(name, key)) {
        edits_[name].records[key] = std::nullopt;
    } else if (const auto edited = edits_.find(name); edited != edits_.end()) {
        edited->second.records.erase(key);
    }
}

void WorkingSets::add_extra(const SetName& name, const ExtraCandidate* extra) {
    begin(name);
    edits_[name].extras.push_back(extra);
}

void WorkingSets::replace_extras(const SetName& name, const std::vector<const ExtraCandidate*>& extras) {
    begin(name);
    edits_[name].extras = extras;
    edits_[name].parent_extras = ParentExtras::drop;
}

bool WorkingSets::has_extra_edits(const SetName& name) const {
    const auto edited = edits_.find(name);
    return edited != edits_.end() && edited->second.edits_extras();
}

bool WorkingSets::has_extras_since(const Mark& mark) const {
    return std::any_of(edits_.begin(), edits_.end(), [&](const auto& edited) {
        const auto before = mark.find(edited.first);
        const Edits& then = before == mark.end() ? Edits{} : before->second;
        return edited.second.extras != then.extras || edited.second.parent_extras != then.parent_extras;
    });
}

bool WorkingSets::is_changed() const {
    return std::any_of(edits_.begin(), edits_.end(),
                       [](const auto& edited) { return !edited.second.is_empty(); });
}

std::vector<SetPlan> WorkingSets::plans(Which which) {
    std::vector<SetPlan> plans;
    for (const auto& name : names()) {
        const auto edited = edits_.find(name);
        const Edits edits = edited == edits_.end() ? Edits{} : edited->second;
        if (edits.is_empty() && which == Which::changed) continue;
        SetPlan plan{name.format, name.dist,   name.component, name.architecture,
                     {},          entry(name), edits.extras,   edits.parent_extras};
        plan.pieces = store::edit_chunks(
            chunks(name), edits.records,
            [this](const store::ChunkReference& chunk) { return parent_->records(chunk); });
        plans.push_back(std::move(plan));
    }
    return plans;
}

}  // namespace repotool::publisher
