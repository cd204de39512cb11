// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/translations.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "core/store/layout.hpp"
#include "repotool/index/set_form.hpp"
#include "repotool/index/set_view.hpp"

namespace repotool::publisher {
namespace {

using store::layout::kTranslations;

const store::SubManifest* parent_sub_manifest(const BuildContext& context) {
    return context.parent == nullptr ? nullptr : context.parent->find_format("deb");
}

// One component of a dist.
class Component {
public:
    Component(std::string dist, std::string name, const BuildContext& context)
        : dist_(std::move(dist)), name_(std::move(name)), context_(context) {
        sub_ = parent_sub_manifest(context);
        if (sub_ == nullptr) return;
        for (const auto& set : sub_->translations) {
            if (set.dist == dist_ && set.component == name_) before_ = &set;
        }
        for (const auto& set : sub_->sets) {
            if (set.dist == dist_ && set.component == name_ &&
                has_descriptions(formats::Format::deb, set.architecture))
                unchanged_[set.architecture] = &set;
        }
    }

    void add(const SetPlan& plan) {
        plans_.push_back(&plan);
        unchanged_.erase(plan.architecture);
    }

    // Empty where the translations stay as they are.
    std::optional<SetPlan> plan() {
        const store::ChunkEdits edits = before_ == nullptr ? everything() : changes();
        const bool has_form =
            before_ != nullptr && stored_form(*sub_, *before_) ==
                                      wanted_form(formats::Format::deb, kTranslations, context_.metadata);
        if (has_form && edits.empty()) return std::nullopt;
        SetPlan plan{formats::Format::deb, dist_, name_, kTranslations, {}, before_, {}};
        const store::ChunkList list =
            before_ == nullptr ? store::ChunkList{} : context_.parent->chunk_list(*before_);
        plan.pieces = store::edit_chunks(list, edits, [this](const store::ChunkReference& chunk) {
            return context_.parent->records(chunk);
        });
        return plan;
    }

private:
    // The sets of the component as they will be.
    std::vector<SetView> views() const {
        std::vector<SetView> views;
        for (const auto* plan : plans_) views.emplace_back(context_.parent, *plan);
        for (const auto& [architecture, set] : unchanged_) views.emplace_back(context_.parent, set);
        return views;
    }

    store::ChunkEdits everything() const {
        store::ChunkEdits edits;
        for (auto& view : views())
            view.for_each([&](const store::Record& record) { edits[record_key(record)] = record; });
        return edits;
    }

    // A package that leaves one architecture may stay in another.
    store::ChunkEdits changes() const {
        store::ChunkEdits edits;
        std::vector<SetView> sets = views();
        std::vector<store::Record> added;
        for (const auto* plan : plans_) {
            SetChanges changes = changes_of(*plan, context_.parent);
            for (const auto& record : changes.removed) {
                const std::string key = record_key(record);
                const bool stays =
                    std::any_of(sets.begin(), sets.end(), [&](SetView& view) { return view.contains(key); });
                if (!stays) edits[key] = std::nullopt;
            }
            std::move(changes.added.begin(), changes.added.end(), std::back_inserter(added));
        }
        for (auto& record : added) edits[record_key(record)] = std::move(record);
        return edits;
    }

    std::string dist_;
    std::string name_;
    const BuildContext& context_;
    const store::SubManifest* sub_ = nullptr;
    const store::SetEntry* before_ = nullptr;
    std::vector<const SetPlan*> plans_;
    std::map<std::string, const store::SetEntry*> unchanged_;
};

}  // namespace

std::vector<SetPlan> translation_plans(const std::vector<const SetPlan*>& plans,
                                       const BuildContext& context) {
    if (!context.metadata.translations) return {};
    std::map<std::pair<std::string, std::string>, std::unique_ptr<Component>> components;
    const auto component = [&](const std::string& dist, const std::string& name) -> Component& {
        auto& place = components[{dist, name}];
        if (!place) place = std::make_unique<Component>(dist, name, context);
        return *place;
    };
    for (const auto* plan : plans) {
        if (has_descriptions(plan->format, plan->architecture))
            component(plan->dist, plan->component).add(*plan);
    }
    if (const auto* sub = parent_sub_manifest(context)) {
        for (const auto& set : sub->translations) component(set.dist, set.component);
    }
    std::vector<SetPlan> translations;
    for (auto& [name, one] : components) {
        if (auto plan = one->plan()) translations.push_back(std::move(*plan));
    }
    return translations;
}

}  // namespace repotool::publisher
