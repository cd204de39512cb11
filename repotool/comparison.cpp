// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/comparison.hpp"

#include <map>
#include <set>
#include <tuple>

namespace repotool::publisher {
namespace {

using store::GenerationReader;
using store::SetEntry;
using Decisions = std::map<std::tuple<std::string, std::string, std::string>,
                           Decision>;  // format, dist + component, key + digest

std::set<std::string> chunk_digests(const GenerationReader& reader, const SetEntry* set) {
    std::set<std::string> digests;
    if (set == nullptr) return digests;
    for (const auto& chunk : reader.chunk_list(*set)) digests.insert(chunk.sha256);
    return digests;
}

// Records of those chunks of `reader` that the other side does not have, by key and digest.
std::map<std::string, store::Record> own_records(const GenerationReader& reader, const SetEntry* set,
                                                 const std::set<std::string>& others) {
    std::map<std::string, store::Record> records;
    if (set == nullptr) return records;
    for (const auto& chunk : reader.chunk_list(*set)) {
        if (others.contains(chunk.sha256)) continue;
        for (auto& record : reader.records(chunk)) {
            std::string name = store::record_key(record) + "\n" + record.sha256;
            records.emplace(std::move(name), std::move(record));
        }
    }
    return records;
}

void compare_sets(Decisions& decisions, const GenerationReader& from, const SetEntry* old_set,
                  const GenerationReader& to, const SetEntry* new_set, const std::string& format) {
    if (old_set != nullptr && new_set != nullptr && old_set->chunks == new_set->chunks) return;
    const SetEntry& named = old_set != nullptr ? *old_set : *new_set;
    const auto before = own_records(from, old_set, chunk_digests(to, new_set));
    const auto after = own_records(to, new_set, chunk_digests(from, old_set));
    const auto note = [&](Action action, const std::string& name, const store::Record& record) {
        decisions[{format, named.dist + "\n" + named.component, name}] = {
            action, formats::parse_format(format), named.dist, named.component, record};
    };
    for (const auto& [name, record] : before) {
        if (!after.contains(name)) note(Action::removed, name, record);
    }
    for (const auto& [name, record] : after) {
        if (!before.contains(name)) note(Action::added, name, record);
    }
}

}  // namespace

std::vector<Decision> compare_generations(const GenerationReader& from, const GenerationReader& to) {
    Decisions decisions;
    for (const char* format : {"deb", "rpm"}) {
        const auto* old_sub = from.find_format(format);
        const auto* new_sub = to.find_format(format);
        static const store::SubManifest kNothing;
        const auto& old_sets = old_sub == nullptr ? kNothing : *old_sub;
        const auto& new_sets = new_sub == nullptr ? kNothing : *new_sub;
        for (const auto& set : old_sets.sets) {
            compare_sets(decisions, from, &set, to,
                         new_sets.find_set(set.dist, set.component, set.architecture), format);
        }
        for (const auto& set : new_sets.sets) {
            if (old_sets.find_set(set.dist, set.component, set.architecture) == nullptr)
                compare_sets(decisions, from, nullptr, to, &set, format);
        }
    }
    std::vector<Decision> list;
    for (auto& [name, decision] : decisions) list.push_back(std::move(decision));
    return list;
}

}  // namespace repotool::publisher
