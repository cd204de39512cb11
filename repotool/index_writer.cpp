// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index_writer.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

// A gzip member ends with the CRC-32 of its text (RFC 1952): a cheap proof that cached text and published
// frame belong together.
bool matches_gzip_trailer(std::string_view frame, std::string_view text) {
    if (frame.size() < 8) return text.empty();
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        expected |= static_cast<std::uint32_t>(static_cast<unsigned char>(frame[frame.size() - 8 + i]))
                    << (8U * i);
    }
    return expected == crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
}

}  // namespace

HashedFile::HashedFile(fs::Filesystem& filesystem, std::string path, unsigned mode)
    : path_(std::move(path)), file_(filesystem.create(path_, mode)) {}

void HashedFile::write(std::string_view bytes) {
    hasher_.update(bytes);
    file_->write(bytes);
    size_ += bytes.size();
}

std::string HashedFile::finish(base::UnixSeconds mtime) {
    file_->set_mtime(mtime);
    file_->close();
    return hasher_.hex();
}

IndexWriter::IndexWriter(fs::Filesystem& filesystem, const std::function<std::string()>& fresh_path,
                         std::string name, const std::vector<formats::Compression>& compressions,
                         const ParentIndex* parent)
    : parent_(parent), text_(filesystem, fresh_path(), 0600) {
    frames_.name = std::move(name);
    for (const auto compression : compressions) {
        Output output{compression, std::make_unique<HashedFile>(filesystem, fresh_path(), 0644), nullptr};
        HashedFile* file = output.file.get();
        output.writer = std::make_unique<formats::FrameWriter>(
            compression, [file](std::string_view bytes) { file->write(bytes); });
        outputs_.push_back(std::move(output));
        frames_.stored[formats::compression_name(compression)];
    }
}

void IndexWriter::write(std::string_view text) {
    part_size_ += text.size();
    text_.write(text);
    for (auto& output : outputs_) output.writer->write(text);
}

void IndexWriter::end_part() {
    for (auto& output : outputs_) {
        frames_.stored[formats::compression_name(output.compression)].push_back(
            part_size_ == 0 ? 0 : output.writer->finish_frame());
    }
    frames_.text.push_back(std::exchange(part_size_, 0));
}

std::string IndexWriter::read_part(fs::File& file, std::uint64_t offset, std::uint64_t length) {
    std::string bytes(length, '\0');
    if (file.read_at(bytes, offset) != length) {
        throw base::Error(base::ErrorKind::integrity, "read", "index of the parent generation",
                          "it is shorter than its frame table says");
    }
    return bytes;
}

void IndexWriter::copy_parent_part(std::size_t part) {
    const std::string text =
        read_part(*parent_->text, parent_->text_offsets.at(part), parent_->frames->text.at(part));
    text_.write(text);
    frames_.text.push_back(text.size());
    for (auto& output : outputs_) {
        auto& lengths = frames_.stored[formats::compression_name(output.compression)];
        const ParentIndex::Stored* stored = nullptr;
        for (const auto& candidate : parent_->stored) {
            if (candidate.compression == output.compression) stored = &candidate;
        }
        if (stored == nullptr) {  // a compression that the parent does not have
            output.writer->write(text);
            lengths.push_back(output.writer->finish_frame());
            continue;
        }
        const std::string name = formats::compression_name(output.compression);
        const std::string frame = read_part(*stored->file, parent_->stored_offsets.at(name).at(part),
                                            parent_->frames->stored.at(name).at(part));
        if (output.compression == formats::Compression::gz && !matches_gzip_trailer(frame, text)) {
            throw base::Error(base::ErrorKind::integrity, "read", "private/text",
                              "a cached index text differs from what is published",
                              "remove the files in private/text, they are only a cache");
        }
        output.file->write(frame);
        lengths.push_back(frame.size());
    }
}

store::IndexFrames IndexWriter::finish(base::UnixSeconds mtime, std::vector<IndexFile>& files) {
    if (text_.size() == 0) {  // an empty file is no valid gzip file: one frame of nothing
        for (auto& output : outputs_)
            frames_.stored[formats::compression_name(output.compression)].at(0) =
                output.writer->finish_frame();
    }
    const std::uint64_t text_size = text_.size();
    files.push_back({{frames_.name, "none", text_.finish(mtime), text_size}, text_.path()});
    for (auto& output : outputs_) {
        const std::uint64_t size = output.file->size();
        files.push_back(
            {{frames_.name, formats::compression_name(output.compression), output.file->finish(mtime), size},
             output.file->path()});
    }
    return std::move(frames_);
}

}  // namespace repotool::publisher
