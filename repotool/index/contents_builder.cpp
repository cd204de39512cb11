// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/contents_builder.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/host.hpp"
#include "repotool/index/contents_lines.hpp"
#include "repotool/index/index_staging.hpp"
#include "repotool/index/parent_index.hpp"
#include "repotool/index/set_form.hpp"
#include "repotool/index/set_view.hpp"

namespace repotool::publisher {
namespace {

constexpr const char* kIndex = "Contents";

struct Listing {
    std::string_view path;
    std::string_view package;
    friend auto operator<=>(const Listing&, const Listing&) = default;
};

// The edits that a plan makes, with the text that they point into.
class ContentsEdits {
public:
    ContentsEdits(const SetPlan& plan, const BuildContext& context) : plan_(plan), context_(context) {}

    const std::vector<ContentsEdit>& make() {
        SetView after(context_.parent, plan_);
        if (plan_.parent == nullptr || !plan_.parent->contents) {
            std::vector<Listing> listings;
            after.for_each([&](const store::Record& record) { list(record, listings); });
            add(listings, ContentsChange::add);
        } else {
            SetView before(context_.parent, plan_.parent);
            // A path keeps its package as long as one version of the package has it, so whole names count.
            for (const auto& name : changed_names()) compare(before.named(name), after.named(name));
        }
        std::sort(edits_.begin(), edits_.end(), [](const ContentsEdit& a, const ContentsEdit& b) {
            return std::tie(a.path, a.package) < std::tie(b.path, b.package);
        });
        return edits_;
    }

private:
    std::set<std::string> changed_names() const {
        const SetChanges changes = changes_of(plan_, context_.parent);
        std::set<std::string> names;
        for (const auto* list : {&changes.added, &changes.removed}) {
            for (const auto& record : *list) names.insert(record.name);
        }
        return names;
    }

    void list(const store::Record& record, std::vector<Listing>& listings) {
        formats::Package package = context_.find_package(plan_.format, record, Needs::contents);
        auto& text = package.index.at(kIndex);
        names_.push_back(std::move(text.after));
        texts_.push_back(std::move(text.before));
        for (std::string_view rest = texts_.back(); !rest.empty();) {
            const auto end = std::min(rest.find('\n'), rest.size());
            listings.push_back({rest.substr(0, end), names_.back()});
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    std::vector<Listing> list_all(const std::vector<store::Record>& records) {
        std::vector<Listing> listings;
        for (const auto& record : records) list(record, listings);
        std::sort(listings.begin(), listings.end());
        listings.erase(std::unique(listings.begin(), listings.end()), listings.end());
        return listings;
    }

    void compare(const std::vector<store::Record>& before, const std::vector<store::Record>& after) {
        const auto old_ones = list_all(before);
        const auto new_ones = list_all(after);
        std::vector<Listing> only;
        std::set_difference(old_ones.begin(), old_ones.end(), new_ones.begin(), new_ones.end(),
                            std::back_inserter(only));
        add(only, ContentsChange::remove);
        only.clear();
        std::set_difference(new_ones.begin(), new_ones.end(), old_ones.begin(), old_ones.end(),
                            std::back_inserter(only));
        add(only, ContentsChange::add);
    }

    void add(const std::vector<Listing>& listings, ContentsChange change) {
        for (const auto& listing : listings) edits_.push_back({listing.path, listing.package, change});
    }

    const SetPlan& plan_;
    const BuildContext& context_;
    std::deque<std::string> texts_;
    std::deque<std::string> names_;
    std::vector<ContentsEdit> edits_;
};

// Puts the chunks into the index and lists them.
class ContentsWriter : public ContentsSink {
public:
    ContentsWriter(IndexWriter& writer, const store::ChunkList& parent, BuiltContents& built)
        : writer_(writer), parent_(parent), built_(built) {}

    void copy_chunk(std::size_t parent_index) override {
        writer_.copy_parent_part(parent_index + 1);  // part 0 is the header
        built_.lines.push_back(parent_[parent_index]);
    }
    void write_chunk(const store::ChunkReference& reference, const std::string& text) override {
        writer_.write(text);
        writer_.end_part();
        built_.rendered.push_back(built_.lines.size());
        built_.lines.push_back(reference);
    }

private:
    IndexWriter& writer_;
    const store::ChunkList& parent_;
    BuiltContents& built_;
};

std::optional<ParentIndex> open_parent_contents(const SetPlan& plan, const BuildContext& context,
                                                TextCache cache) {
    if (plan.parent == nullptr || !plan.parent->contents) return std::nullopt;
    return open_parent_index(context, *plan.parent, context.parent->frame_table(*plan.parent->contents),
                             kIndex, writer_options(plan.format, context).digests, cache);
}

// The parent's text of a chunk that is about to change: from a cache, so it is proven by its digest.
std::string chunk_text(const IndexWriter& writer, const store::ChunkList& list, std::size_t chunk) {
    std::string text = writer.parent_text(chunk + 1);
    if (base::sha256_hex(text) != list[chunk].sha256) throw DamagedText("private/text");
    return text;
}

bool keeps_form(const SetPlan& plan, const BuildContext& context) {
    if (plan.parent == nullptr || !plan.parent->contents) return false;
    const auto* sub = context.parent->find_format(formats::format_name(plan.format));
    const SetForm stored = stored_form(*sub, *plan.parent);
    const SetForm wanted = wanted_form(plan.format, plan.architecture, context.metadata);
    return stored.compressions == wanted.compressions && stored.has_sha512 == wanted.has_sha512;
}

WrittenIndex write_contents(const SetPlan& plan, const BuildContext& context,
                            const std::vector<ContentsEdit>& edits, TextCache cache, BuiltContents& built) {
    built = {};
    auto parent = open_parent_contents(plan, context, cache);
    const store::ChunkList list =
        parent ? context.parent->contents_lines(*plan.parent->contents) : store::ChunkList{};
    base::WorkQueue queue(fs::processor_count());
    IndexWriter writer(writer_options(plan.format, context), queue, kIndex, base::Urgency::normal,
                       std::move(parent));
    ContentsWriter sink(writer, list, built);
    writer.end_part();  // no header
    edit_contents(
        list, edits, [&](std::size_t chunk) { return chunk_text(writer, list, chunk); }, sink);
    writer.end_part();  // no footer
    ReadBack read_back(context.filesystem);
    writer.close(context.date, read_back);
    read_back.run();
    return writer.finish();
}

}  // namespace

BuiltContents build_contents(const SetPlan& plan, const BuildContext& context,
                             std::vector<WrittenIndex>& indexes) {
    ContentsEdits gathered(plan, context);
    const auto& edits = gathered.make();
    BuiltContents built;
    if (edits.empty() && keeps_form(plan, context)) {
        built.entry = *plan.parent->contents;
        return built;
    }
    indexes.push_back(
        with_text_cache([&](TextCache cache) { return write_contents(plan, context, edits, cache, built); }));
    built.frames.indexes.push_back(indexes.back().frames);
    built.entry = {stage_part(context, store::render_chunk_list(built.lines)),
                   stage_part(context, store::render_frame_table(built.frames))};
    return built;
}

}  // namespace repotool::publisher
