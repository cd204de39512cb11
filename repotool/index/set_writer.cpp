// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/set_writer.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

#include "core/fs/host.hpp"
#include "repotool/index/index_staging.hpp"
#include "repotool/index/index_text.hpp"
#include "repotool/index/set_form.hpp"

namespace repotool::publisher {
namespace {

// 0: there is none.
std::uint64_t parent_text_size(const SetPlan& plan, const std::string& name) {
    const auto* text = plan.parent == nullptr ? nullptr : plan.parent->find_index(name, "none");
    return text == nullptr ? 0 : text->size;
}

std::uint64_t longest_parent_text(const std::vector<SetJob>& jobs) {
    std::uint64_t longest = 0;
    for (const auto& job : jobs) {
        for (const auto& name : index_names(job.plan.format, job.plan.architecture))
            longest = std::max(longest, parent_text_size(job.plan, name));
    }
    return longest;
}

// All indexes of one set at once: each new record is fetched once.
class SetWriter {
public:
    // The text of `longest` bytes, of all that are written at once, is hashed before others.
    SetWriter(const SetJob& job, const BuildContext& context, base::WorkQueue& queue, TextCache cache,
              std::uint64_t longest)
        : plan_(job.plan),
          context_(context),
          names_(index_names(plan_.format, plan_.architecture)),
          descriptions_(job.descriptions),
          can_copy_(plan_.parent != nullptr && has_same_text()) {
        store::FrameTable table;
        if (plan_.parent != nullptr) table = context.parent->frame_table(*plan_.parent);
        const IndexWriterOptions options = writer_options(plan_.format, context);
        for (const auto& name : names_) {
            std::optional<ParentIndex> parent;
            if (can_copy_)
                parent = open_parent_index(context, *plan_.parent, table, name, options.digests, cache);
            can_copy_ = can_copy_ && parent.has_value();
            writers_.push_back(std::make_unique<IndexWriter>(
                options, queue, name,
                parent_text_size(plan_, name) == longest ? base::Urgency::normal : base::Urgency::behind,
                std::move(parent)));
        }
    }

    // Before there are threads: parsing may start a process.
    void prepare() {
        for (const auto& piece : plan_.pieces) {
            if (!is_copied(piece)) context_.prepare_packages(plan_.format, records_of(piece));
        }
    }

    // Its texts are hashed, and what is left of its frames is written, after it returns.
    void write() {
        write_part([&](const std::string& name) { return index_header(name, count_records(plan_)); });
        for (std::size_t i = 0; i < plan_.pieces.size(); ++i) {
            const store::ChunkPiece& piece = plan_.pieces[i];
            if (is_copied(piece)) {
                copy(*piece.parent_index);
                continue;
            }
            render(records_of(piece));
            rendered_.push_back(i);
        }
        write_part(index_footer);
    }

    void close(ReadBack& read_back) {
        for (auto& writer : writers_) writer->close(context_.date, read_back);
    }

    WrittenSet finish() {
        WrittenSet written{{}, std::move(rendered_)};
        for (auto& writer : writers_) written.indexes.push_back(writer->finish());
        return written;
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
    std::vector<std::unique_ptr<IndexWriter>> writers_;
    std::vector<std::size_t> rendered_;
};

}  // namespace

std::uint64_t count_records(const SetPlan& plan) {
    return std::accumulate(
        plan.pieces.begin(), plan.pieces.end(), std::uint64_t{0},
        [](std::uint64_t sum, const store::ChunkPiece& piece) { return sum + piece.reference.records; });
}

std::vector<WrittenSet> write_sets(const std::vector<SetJob>& jobs, const BuildContext& context,
                                   TextCache cache) {
    base::WorkQueue queue(fs::processor_count());
    std::vector<std::unique_ptr<SetWriter>> writers;
    const std::uint64_t longest = longest_parent_text(jobs);
    for (const auto& job : jobs)
        writers.push_back(std::make_unique<SetWriter>(job, context, queue, cache, longest));
    for (auto& writer : writers) writer->prepare();
    for (auto& writer : writers) writer->write();
    ReadBack read_back(context.filesystem);
    for (auto& writer : writers) writer->close(read_back);
    read_back.run();
    std::vector<WrittenSet> written;
    for (auto& writer : writers) written.push_back(writer->finish());
    return written;
}

}  // namespace repotool::publisher
