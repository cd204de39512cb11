// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_builder.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/fs/host.hpp"
#include "repotool/index/contents_builder.hpp"
#include "repotool/index/extras.hpp"
#include "repotool/index/index_staging.hpp"
#include "repotool/index/index_text.hpp"
#include "repotool/index/index_writer.hpp"
#include "repotool/index/parent_index.hpp"
#include "repotool/index/set_form.hpp"
#include "repotool/index/translations.hpp"

namespace repotool::publisher {
namespace {

std::uint64_t count_records(const SetPlan& plan) {
    return std::accumulate(
        plan.pieces.begin(), plan.pieces.end(), std::uint64_t{0},
        [](std::uint64_t sum, const store::ChunkPiece& piece) { return sum + piece.reference.records; });
}

// All indexes of the set at once: each new record is fetched once.
class SetWriter {
public:
    SetWriter(const SetPlan& plan, Descriptions descriptions, const BuildContext& context, TextCache cache)
        : plan_(plan),
          context_(context),
          names_(index_names(plan.format, plan.architecture)),
          descriptions_(descriptions),
          can_copy_(plan.parent != nullptr && has_same_text()) {
        store::FrameTable table;
        if (plan.parent != nullptr) table = context.parent->frame_table(*plan.parent);
        const IndexWriterOptions options = writer_options(plan.format, context);
        for (const auto& name : names_) {
            std::optional<ParentIndex> parent;
            if (can_copy_)
                parent = open_parent_index(context, *plan.parent, table, name, options.digests, cache);
            can_copy_ = can_copy_ && parent.has_value();
            writers_.push_back(std::make_unique<IndexWriter>(options, queue_, name, std::move(parent)));
        }
    }

    struct Result {
        std::vector<WrittenIndex> indexes;
        std::vector<std::size_t> rendered;  // places of the chunks whose text was not copied
    };
    Result write() {
        Result result;
        // Before there are threads.
        for (const auto& piece : plan_.pieces) {
            if (!is_copied(piece)) context_.prepare_packages(plan_.format, records_of(piece));
        }
        write_part([&](const std::string& name) { return index_header(name, count_records(plan_)); });
        for (std::size_t i = 0; i < plan_.pieces.size(); ++i) {
            const store::ChunkPiece& piece = plan_.pieces[i];
            if (is_copied(piece)) {
                copy(*piece.parent_index);
                continue;
            }
            render(records_of(piece));
            result.rendered.push_back(i);
        }
        write_part(index_footer);
        ReadBack read_back(context_.filesystem);
        for (auto& writer : writers_) writer->close(context_.date, read_back);
        read_back.run();
        for (auto& writer : writers_) result.indexes.push_back(writer->finish());
        return result;
    }

private:
    // What was rendered with other settings cannot be copied.
    bool has_same_text() const {
        const auto* sub = context_.parent->find_format(formats::format_name(plan_.format));
        return stored_form(*sub, *plan_.parent).descriptions == descriptions_;
    }
    bool is_copied(const store::ChunkPiece& piece) const { return can_copy_ && piece.parent_index; }
    std::vector<store::Record> records_of(const store::ChunkPiece& piece) const {
        return piece.parent_index ? context_.parent->records(piece.reference) : piece.records;
    }
    void write_part(const std::function<std::string(const std::string& name)>& text) {
        for (std::size_t i = 0; i < writers_.size(); ++i) {
            writers_[i]->write(text(names_[i]));
            writers_[i]->end_part();
        }
    }
    void copy(std::size_t parent_index) {
        for (auto& writer : writers_) writer->copy_parent_part(parent_index + 1);  // part 0 is the header
    }
    void render(const std::vector<store::Record>& records) {
        std::set<std::string> stanzas;  // the same description of several versions or architectures is one
        for (const auto& record : records) {
            const formats::Package package = context_.find_package(plan_.format, record, Needs::index);
            for (std::size_t i = 0; i < writers_.size(); ++i) {
                const std::string text = record_text(names_[i], plan_.dist, record, package, descriptions_);
                if (names_[i] != "Translation-en" || stanzas.insert(text).second) writers_[i]->write(text);
            }
        }
        for (auto& writer : writers_) writer->end_part();
    }

    const SetPlan& plan_;
    const BuildContext& context_;
    const std::vector<std::string> names_;
    const Descriptions descriptions_;
    bool can_copy_;
    base::WorkQueue queue_{fs::processor_count()};
    std::vector<std::unique_ptr<IndexWriter>> writers_;
};

void add_contents(BuiltSet& built, const BuildContext& context, std::vector<WrittenIndex>& indexes) {
    const std::size_t before = indexes.size();
    built.contents = build_contents(built.plan, context, indexes);
    built.entry.contents = built.contents->entry;
    if (indexes.size() > before) return;
    for (const auto& index : built.plan.parent->indexes) {
        if (index.name == "Contents") built.entry.indexes.push_back(index);  // the parent's stays
    }
}

BuiltSet build_set(SetPlan&& wanted, const BuildContext& context) {
    BuiltSet built;
    built.plan = std::move(wanted);
    const SetPlan& plan = built.plan;
    built.descriptions = wanted_form(plan.format, plan.architecture, context.metadata).descriptions;
    for (const auto& piece : plan.pieces) {
        if (!piece.parent_index) stage_part(context, piece.text);
        built.chunks.push_back(piece.reference);
    }
    auto written = with_text_cache(
        [&](TextCache cache) { return SetWriter(plan, built.descriptions, context, cache).write(); });
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
    return built;
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
        for (auto& plan : *list) built.push_back(build_set(std::move(plan), context));
    }
    exchange_texts(context, built);
    return built;
}

}  // namespace repotool::publisher
