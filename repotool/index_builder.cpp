// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index_text.hpp"
#include "repotool/index_writer.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kUnpackBuffer = std::size_t{256} << 10U;

std::vector<std::uint64_t> offsets_of(const std::vector<std::uint64_t>& lengths) {
    std::vector<std::uint64_t> offsets(lengths.size());
    std::exclusive_scan(lengths.begin(), lengths.end(), offsets.begin(), std::uint64_t{0});
    return offsets;
}

void check_parent_file(fs::File& file, const std::string& path, const std::string& sha256) {
    const std::string found = fs::digest_file(file).sha256;
    if (found == sha256) return;
    throw base::Error(base::ErrorKind::integrity, "read", path,
                      fmt::format("expected digest {}, found {}", sha256, found),
                      "nothing was published; repotool verify --full shows what else is damaged");
}

// The open text from the cache; null where it is not there. Another repository with the same text may drop it
// at any moment.
std::unique_ptr<fs::File> open_cached_text(fs::Filesystem& filesystem, const store::IndexEntry& text) {
    try {
        auto file = filesystem.open_read(store::layout::open_text(text.sha256));
        return file->status().size == text.size ? std::move(file) : nullptr;
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
        return nullptr;
    }
}

// The open text of the parent's index: from the cache, or unpacked from a stored index.
std::unique_ptr<fs::File> open_parent_text(const BuildContext& context, const store::IndexEntry& text,
                                           const ParentIndex& parent) {
    if (auto cached = open_cached_text(context.filesystem, text)) return cached;
    const std::string path = context.transaction.fresh_path();
    HashedFile unpacked(context.filesystem, path, 0600);
    std::string buffer(kUnpackBuffer, '\0');
    std::uint64_t offset = 0;
    const auto& stored = parent.stored.at(0);
    const auto read = [&] {
        const std::size_t count = stored.file->read_at(buffer, offset);
        offset += count;
        return std::string_view(buffer.data(), count);
    };
    formats::unpack_frames(
        stored.compression, read, [&](std::string_view part) { unpacked.write(part); }, text.size);
    if (unpacked.finish(context.date) != text.sha256) {
        throw base::Error(base::ErrorKind::integrity, "unpack", text.name,
                          "a published index is not what its manifest says", "repotool verify says which");
    }
    return context.filesystem.open_read(path);
}

ParentIndex open_parent_index(const SetPlan& plan, const BuildContext& context,
                              const store::FrameTable& table, const std::string& name) {
    ParentIndex parent;
    parent.frames = table.find(name);
    const store::IndexEntry* text = plan.parent->find_index(name, "none");
    if (parent.frames == nullptr || text == nullptr) return {};
    for (const auto& entry : plan.parent->indexes) {
        if (entry.name != name || entry.compression == "none") continue;
        const std::string path = context.parent->path_of(store::layout::meta(context.repository) + "/" +
                                                         store::index_path(*plan.parent, entry));
        parent.stored.push_back(
            {formats::parse_compression(entry.compression), context.filesystem.open_read(path)});
        // Its frames go into the next index as they are: damage must not be passed on, and least of all
        // signed.
        check_parent_file(*parent.stored.back().file, path, entry.sha256);
    }
    parent.text = open_parent_text(context, *text, parent);
    const bool proven_by_gzip =
        std::any_of(parent.stored.begin(), parent.stored.end(), [](const auto& stored) {
            return stored.compression ==
                   formats::Compression::gz;  // each frame's trailer is compared with the text
        });
    if (!proven_by_gzip) check_parent_file(*parent.text, "private/text/" + text->sha256, text->sha256);
    parent.text_offsets = offsets_of(parent.frames->text);
    for (const auto& [compression, lengths] : parent.frames->stored)
        parent.stored_offsets[compression] = offsets_of(lengths);
    return parent;
}

std::uint64_t count_records(const SetPlan& plan) {
    return std::accumulate(
        plan.pieces.begin(), plan.pieces.end(), std::uint64_t{0},
        [](std::uint64_t sum, const store::ChunkPiece& piece) { return sum + piece.reference.records; });
}

// All indexes of the set at once: each new record is fetched once.
class SetWriter {
public:
    SetWriter(const SetPlan& plan, const BuildContext& context) : plan_(plan), context_(context) {
        if (plan.parent != nullptr) table_ = context.parent->frame_table(*plan.parent);
        auto compressions = context.metadata.compress;
        if (plan.format == formats::Format::rpm)
            compressions.resize(1);  // repomd names one file for each type
        for (const auto& name : index_names(plan.format, plan.architecture)) {
            parents_.push_back(std::make_unique<ParentIndex>());
            if (plan.parent != nullptr) *parents_.back() = open_parent_index(plan, context, table_, name);
            writers_.push_back(std::make_unique<IndexWriter>(
                context.filesystem, [&] { return context.transaction.fresh_path(); }, name, compressions,
                parents_.back().get()));
            names_.push_back(name);
        }
    }

    store::FrameTable write(std::vector<IndexFile>& files) {
        write_part([&](const std::string& name) { return index_header(name, count_records(plan_)); });
        for (const auto& piece : plan_.pieces) piece.parent_index ? copy(*piece.parent_index) : render(piece);
        write_part(index_footer);
        store::FrameTable table;
        for (auto& writer : writers_) table.indexes.push_back(writer->finish(context_.date, files));
        return table;
    }

private:
    void write_part(const std::function<std::string(const std::string& name)>& text) {
        for (std::size_t i = 0; i < writers_.size(); ++i) {
            writers_[i]->write(text(names_[i]));
            writers_[i]->end_part();
        }
    }
    void copy(std::size_t parent_index) {
        for (auto& writer : writers_) writer->copy_parent_part(parent_index + 1);  // part 0 is the header
    }
    void render(const store::ChunkPiece& piece) {
        for (const auto& record : piece.records) {
            const formats::Package package = context_.find_package(plan_.format, record);
            for (std::size_t i = 0; i < writers_.size(); ++i)
                writers_[i]->write(record_text(names_[i], plan_.dist, record, package));
        }
        for (auto& writer : writers_) writer->end_part();
    }

    const SetPlan& plan_;
    const BuildContext& context_;
    store::FrameTable table_;
    std::vector<std::string> names_;
    std::vector<std::unique_ptr<ParentIndex>> parents_;
    std::vector<std::unique_ptr<IndexWriter>> writers_;
};

store::ContentReference stage_part(const BuildContext& context, const std::string& text) {
    const store::ContentReference reference{base::sha256_hex(text), text.size()};
    context.transaction.add_content_bytes(store::layout::tree_part(context.repository, reference.sha256),
                                          text, context.date);
    return reference;
}

BuiltSet build_set(SetPlan&& wanted, const BuildContext& context) {
    BuiltSet built;
    built.plan = std::move(wanted);
    const SetPlan& plan = built.plan;
    for (const auto& piece : plan.pieces) {
        if (!piece.parent_index) {
            built.new_chunks.push_back(built.chunks.size());
            stage_part(context, piece.text);
        }
        built.chunks.push_back(piece.reference);
    }
    std::vector<IndexFile> files;
    built.frames = SetWriter(plan, context).write(files);
    built.entry = {plan.dist,
                   plan.component,
                   plan.architecture,
                   count_records(plan),
                   stage_part(context, store::render_chunk_list(built.chunks)),
                   stage_part(context, store::render_frame_table(built.frames)),
                   {}};
    for (const auto& file : files) {
        built.entry.indexes.push_back(file.entry);
        if (file.entry.compression == "none") {
            context.transaction.add_text(file.staged_path, file.entry.sha256);
        } else {
            context.transaction.add_content(file.staged_path, store::layout::meta(context.repository) + "/" +
                                                                  store::index_path(built.entry, file.entry));
        }
    }
    if (plan.parent != nullptr) {
        for (const auto& index : plan.parent->indexes) {
            if (index.compression == "none") context.transaction.drop_text(index.sha256);
        }
    }
    return built;
}

}  // namespace

std::vector<BuiltSet> build_sets(std::vector<SetPlan> plans, const BuildContext& context) {
    std::vector<BuiltSet> built;
    for (auto& plan : plans) built.push_back(build_set(std::move(plan), context));
    return built;
}

}  // namespace repotool::publisher
