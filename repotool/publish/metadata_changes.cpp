// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/metadata_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/formats/rpm/extra_metadata.hpp"

namespace repotool::publisher {
namespace {

using formats::rpm::is_merged_type;

std::set<std::string> types_of(const store::SetEntry* published) {
    std::set<std::string> types;
    if (published == nullptr) return types;
    for (const auto& extra : published->extras) types.insert(extra.type);
    return types;
}

// Digest of the open text by (dist, type); every architecture of a dist has the same.
using Texts = std::map<std::pair<std::string, std::string>, std::string>;
Texts texts_of(const store::GenerationReader& reader) {
    Texts texts;
    const store::SubManifest* rpm = reader.find_format("rpm");
    if (rpm == nullptr) return texts;
    for (const auto& set : rpm->sets) {
        for (const auto& extra : set.extras) texts[{set.dist, extra.type}] = extra.open_sha256;
    }
    return texts;
}

MetadataAction action_of(const std::string& type, const std::set<std::string>& present, ParentExtras parent) {
    if (!present.contains(type)) return MetadataAction::added;
    return is_merged_type(type) && parent == ParentExtras::keep ? MetadataAction::merged
                                                                : MetadataAction::replaced;
}

}  // namespace

std::vector<MetadataChange> metadata_changes(const WorkingSets& sets, const WorkingSets::Mark& before) {
    std::map<std::pair<std::string, std::string>, MetadataAction> found;
    for (const auto& [set, edits] : sets.edits()) {
        const auto old = before.find(set);
        const WorkingSets::Edits& then = old == before.end() ? WorkingSets::Edits{} : old->second;
        if (edits.extras == then.extras && edits.parent_extras == then.parent_extras) continue;
        std::set<std::string> present = types_of(sets.entry(set));
        std::set<std::string> brought;
        for (const auto* extra : edits.extras) {
            const bool is_new = std::find(then.extras.begin(), then.extras.end(), extra) == then.extras.end();
            if (is_new && brought.insert(extra->type).second)
                found[{set.dist, extra->type}] = action_of(extra->type, present, edits.parent_extras);
            present.insert(extra->type);
        }
        if (edits.parent_extras == ParentExtras::keep) continue;
        for (const auto& type : present) {
            if (!brought.contains(type)) found.try_emplace({set.dist, type}, MetadataAction::removed);
        }
    }
    std::vector<MetadataChange> changes;
    for (const auto& [place, action] : found) changes.push_back({place.first, place.second, action});
    return changes;
}

std::vector<MetadataChange> metadata_changes(const store::GenerationReader& before,
                                             const store::GenerationReader& after) {
    const Texts old_ones = texts_of(before);
    const Texts new_ones = texts_of(after);
    std::vector<MetadataChange> changes;
    for (const auto& [place, digest] : old_ones) {
        const auto now = new_ones.find(place);
        if (now == new_ones.end())
            changes.push_back({place.first, place.second, MetadataAction::removed});
        else if (now->second != digest)
            changes.push_back({place.first, place.second, MetadataAction::replaced});
    }
    for (const auto& [place, digest] : new_ones) {
        if (!old_ones.contains(place)) changes.push_back({place.first, place.second, MetadataAction::added});
    }
    return changes;
}

void demand_one_text(const std::vector<ExtraCandidate>& extras, const std::string& verb) {
    std::map<std::pair<std::string, std::string>, const ExtraCandidate*> first;
    for (const auto& extra : extras) {
        if (is_merged_type(extra.type)) continue;
        const auto [other, is_new] = first.try_emplace({extra.dist, extra.type}, &extra);
        if (is_new || other->second->text == extra.text) continue;
        throw base::Error(base::ErrorKind::input, verb, extra.origin,
                          fmt::format("it is {} of {}, and so is '{}' with other content", extra.type,
                                      extra.dist, other->second->origin),
                          "give one of them: metadata of this type is not merged");
    }
}

const char* metadata_action_name(MetadataAction action) {
    switch (action) {
        case MetadataAction::added:
            return "added";
        case MetadataAction::merged:
            return "merged";
        case MetadataAction::replaced:
            return "replaced";
        case MetadataAction::removed:
            return "removed";
    }
    return "";
}

MetadataAction parse_metadata_action(const std::string& name) {
    for (const auto action : {MetadataAction::added, MetadataAction::merged, MetadataAction::replaced}) {
        if (name == metadata_action_name(action)) return action;
    }
    return MetadataAction::removed;
}

}  // namespace repotool::publisher
