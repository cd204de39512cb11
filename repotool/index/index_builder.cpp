// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_builder.hpp"

#include <algorithm>
#include <span>

#include "repotool/index/contents_builder.hpp"
#include "repotool/index/extras.hpp"
#include "repotool/index/index_staging.hpp"
#include "repotool/index/set_form.hpp"
#include "repotool/index/set_writer.hpp"
#include "repotool/index/translations.hpp"

namespace repotool::publisher {
namespace {

void add_contents(BuiltSet& built, const BuildContext& context, std::vector<WrittenIndex>& indexes) {
    const std::size_t before = indexes.size();
    built.contents = build_contents(built.plan, context, indexes);
    built.entry.contents = built.contents->entry;
    if (indexes.size() > before) return;
    for (const auto& index : built.plan.parent->indexes) {
        if (index.name == "Contents") built.entry.indexes.push_back(index);  // the parent's stays
    }
}

void add_entry(BuiltSet& built, const BuildContext& context, WrittenSet&& written) {
    const SetPlan& plan = built.plan;
    built.rendered = std::move(written.rendered);
    for (const auto& index : written.indexes) built.frames.indexes.push_back(index.frames);
    built.entry = {plan.dist,
                   plan.component,
                   plan.architecture,
                   count_records(plan),
                   stage_part(context, store::render_chunk_list(built.chunks)),
                   stage_part(context, store::render_frame_table(built.frames)),
                   {}};
    if (wanted_form(plan.format, plan.architecture, context.metadata).has_contents)
        add_contents(built, context, written.indexes);
    stage_index_files(context, written.indexes, built.entry);
    for (auto& index : written.indexes) built.texts.push_back(std::move(index.text));
    built.entry.extras = build_extras(plan, context);
}

BuiltSet begin_set(SetPlan&& plan, const BuildContext& context) {
    BuiltSet built;
    built.plan = std::move(plan);
    built.descriptions =
        wanted_form(built.plan.format, built.plan.architecture, context.metadata).descriptions;
    for (const auto& piece : built.plan.pieces) {
        if (!piece.parent_index) stage_part(context, piece.text);
        built.chunks.push_back(piece.reference);
    }
    return built;
}

void build_side_by_side(std::span<BuiltSet> sets, const BuildContext& context) {
    std::vector<SetJob> jobs;
    for (const auto& set : sets) jobs.push_back({set.plan, set.descriptions});
    auto written = with_text_cache([&](TextCache cache) { return write_sets(jobs, context, cache); });
    for (std::size_t i = 0; i < sets.size(); ++i) add_entry(sets[i], context, std::move(written[i]));
}

// One generation never mixes settings: sets that are stored in another form are written again.
void add_plans_for_settings(std::vector<SetPlan>& plans, const BuildContext& context) {
    if (context.parent == nullptr) return;
    for (auto& plan : plans_for_settings(*context.parent, context.metadata)) {
        const bool is_planned = std::any_of(plans.begin(), plans.end(), [&](const SetPlan& other) {
            return other.format == plan.format && other.dist == plan.dist &&
                   other.component == plan.component && other.architecture == plan.architecture;
        });
        if (!is_planned) plans.push_back(std::move(plan));
    }
}

}  // namespace

std::vector<BuiltSet> build_sets(std::vector<SetPlan> plans, const BuildContext& context) {
    add_plans_for_settings(plans, context);
    std::vector<const SetPlan*> all;
    for (const auto& plan : plans) all.push_back(&plan);
    std::vector<SetPlan> translations = translation_plans(all, context);
    std::vector<BuiltSet> built;
    for (auto* list : {&plans, &translations}) {
        for (auto& plan : *list) built.push_back(begin_set(std::move(plan), context));
    }
    for (std::size_t i = 0; i < built.size(); i += kSetsAtOnce) {
        const std::size_t count = std::min(kSetsAtOnce, built.size() - i);
        build_side_by_side(std::span(built).subspan(i, count), context);
    }
    exchange_texts(context, built);
    return built;
}

}  // namespace repotool::publisher
