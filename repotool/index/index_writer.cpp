// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_writer.hpp"

#include <algorithm>
#include <utility>

namespace repotool::publisher {
namespace {

using formats::compression_name;

constexpr std::uint64_t kLongestRun = std::uint64_t{1} << 20U;  // bytes of text

}  // namespace

IndexWriter::IndexWriter(const IndexWriterOptions& options, base::WorkQueue& queue, std::string name,
                         base::Urgency urgency, std::optional<ParentIndex> parent)
    : digests_(options.digests),
      queue_(queue),
      name_(std::move(name)),
      parent_(std::move(parent)),
      text_(options.filesystem, options.fresh_path, options.digests, urgency,
            parent_ ? parent_->text.get() : nullptr) {
    for (const auto compression : options.compressions) {
        auto output = std::make_unique<Output>();
        output->compression = compression;
        output->file = std::make_unique<FrameFile>(options.filesystem, options.fresh_path(), 0644);
        FrameFile* file = output->file.get();
        output->writer = std::make_unique<formats::FrameWriter>(
            compression, [file](std::string_view bytes) { file->write(bytes); });
        if (file->size() > 0) file->cut();  // what comes before the first frame
        if (parent_) output->parent = parent_->find(compression);
        outputs_.push_back(std::move(output));
    }
}

void IndexWriter::write(std::string_view text) {
    copy_parts();
    text_.write(text);
    part_ += text;
}

void IndexWriter::end_part() {
    copy_parts();
    text_.end_part();
    const auto text = std::make_shared<const std::string>(std::exchange(part_, {}));
    for (auto& output : outputs_) compress(*output, text);
}

void IndexWriter::compress(Output& output, const std::shared_ptr<const std::string>& text) {
    const auto frame = std::make_shared<std::string>();
    std::function<void()> work;
    if (!text->empty())
        work = [compression = output.compression, text, frame] {
            *frame = formats::pack_frame(compression, *text);
        };
    queue_.add(std::move(work), [&output, frame] { add_frame(output, *frame); });
}

void IndexWriter::add_frame(Output& output, std::string_view frame) {
    output.writer->add_frame(frame);
    output.lengths.push_back(frame.size());
    output.checksums.push_back(output.file->cut());
}

void IndexWriter::copy_parent_part(std::size_t part) {
    if (copy_first_ < copy_end_ && part != copy_end_) copy_parts();
    if (copy_first_ == copy_end_) copy_first_ = part;
    copy_end_ = part + 1;
    // Not too long: the texts of several indexes are hashed side by side.
    copy_size_ += parent_->text->map().parts.at(part).length;
    if (copy_size_ >= kLongestRun) copy_parts();
}

// Runs of parts cost a few reads, however many they are.
void IndexWriter::copy_parts() {
    if (copy_first_ == copy_end_) return;
    const std::size_t first = std::exchange(copy_first_, 0);
    const std::size_t end = std::exchange(copy_end_, 0);
    copy_size_ = 0;
    const bool wants_text =
        std::any_of(outputs_.begin(), outputs_.end(), [](const auto& output) { return !output->parent; });
    TextWriter::PartSink sink;
    if (wants_text) {  // for a compression that the parent does not have
        sink = [this](std::size_t, std::string_view text) {
            const auto copy = std::make_shared<const std::string>(text);
            for (auto& output : outputs_) {
                if (!output->parent) compress(*output, copy);
            }
        };
    }
    text_.copy(first, end, sink);
    for (auto& output : outputs_) {
        if (output->parent)
            queue_.add({}, [this, &output = *output, first, end] { copy_frames(output, first, end); });
    }
}

void IndexWriter::copy_frames(Output& output, std::size_t first, std::size_t end) {
    parent_->for_each_frame(*output.parent, first, end,
                            [&](std::string_view frame) { add_frame(output, frame); });
}

void IndexWriter::close(base::UnixSeconds mtime, ReadBack& read_back) {
    copy_parts();
    queue_.finish();
    text_.close();
    for (auto& output : outputs_) {
        if (text_.size() == 0) {  // an empty file is no valid gzip file: one frame of nothing
            const std::string frame = formats::pack_frame(output->compression, {});
            output->writer->add_frame(frame);
            output->lengths.at(0) = frame.size();
            output->checksums.at(0) = output->file->cut();
        }
        output->writer->finish_file();
        output->file->close(mtime);
        output->entry.name = name_;
        output->entry.compression = compression_name(output->compression);
        read_back.add(*output->file, digests_, output->entry);
    }
}

WrittenIndex IndexWriter::finish() {
    WrittenIndex written;
    written.frames.name = name_;
    written.frames.text = text_.lengths();
    std::vector<std::string> compressions;
    std::vector<std::vector<std::uint64_t>> checksums;
    for (auto& output : outputs_) {
        compressions.emplace_back(compression_name(output->compression));
        written.frames.stored[compressions.back()] = std::move(output->lengths);
        checksums.push_back(std::move(output->checksums));
    }
    IndexFile text{{name_, "none", "", 0, ""}, ""};
    written.text = text_.finish(compressions, checksums, text.entry);
    if (parent_) parent_->tell(written.text);
    written.files.push_back(std::move(text));
    for (auto& output : outputs_) written.files.push_back({std::move(output->entry), output->file->path()});
    return written;
}

}  // namespace repotool::publisher
