// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_writer.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kReadBuffer = std::size_t{256} << 10U;

using base::DigestAlgorithm;
using formats::compression_name;

std::vector<DigestAlgorithm> algorithms(IndexDigests digests) {
    if (digests == IndexDigests::sha256) return {DigestAlgorithm::sha256};
    return {DigestAlgorithm::sha256, DigestAlgorithm::sha512};
}

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

void ParentProof::read_until(std::uint64_t offset) {
    std::string buffer;
    while (offset_ < offset) {
        buffer.resize(std::min<std::uint64_t>(offset - offset_, kReadBuffer));
        const std::size_t count = stored_.file().read_at(buffer, offset_);
        if (count == 0) return;  // check() says that it is too short
        hasher_.update(std::string_view(buffer).substr(0, count));
        offset_ += count;
    }
}

void ParentProof::check() {
    read_until(stored_.file_size());
    const std::string found = hasher_.hex();
    if (found == sha256_) return;
    throw base::Error(base::ErrorKind::integrity, "read", path_,
                      fmt::format("expected digest {}, found {}", sha256_, found),
                      "nothing was published; repotool verify --full shows what else is damaged");
}

HashedFile::HashedFile(fs::Filesystem& filesystem, std::string path, unsigned mode, IndexDigests digests)
    : path_(std::move(path)),
      file_(filesystem.create(path_, mode)),
      digests_(digests),
      hasher_(algorithms(digests)) {}

void HashedFile::write(std::string_view bytes) {
    hasher_.update(bytes);
    file_->write(bytes);
}

void HashedFile::finish(base::UnixSeconds mtime, store::IndexEntry& entry) {
    file_->set_mtime(mtime);
    file_->close();
    entry.size = hasher_.size();
    entry.sha256 = hasher_.hex();
    if (digests_ == IndexDigests::sha256_and_sha512) entry.sha512 = hasher_.hex(DigestAlgorithm::sha512);
}

IndexWriter::IndexWriter(const IndexWriterOptions& options, std::string name,
                         std::optional<ParentIndex> parent)
    : parent_(std::move(parent)), text_(options.filesystem, options.fresh_path(), 0600, options.digests) {
    frames_.name = std::move(name);
    for (const auto compression : options.compressions) {
        Output output;
        output.file =
            std::make_unique<HashedFile>(options.filesystem, options.fresh_path(), 0644, options.digests);
        HashedFile* file = output.file.get();
        output.writer = std::make_unique<formats::FrameWriter>(
            compression, [file](std::string_view bytes) { file->write(bytes); });
        output.compression = compression;
        if (parent_) {
            for (std::size_t i = 0; i < parent_->stored.size(); ++i) {
                if (parent_->stored[i].compression() != compression) continue;
                output.parent = &parent_->stored[i];
                output.proof = parent_->proofs.at(i).get();
            }
        }
        outputs_.push_back(std::move(output));
        frames_.stored[compression_name(compression)];
    }
}

std::vector<std::uint64_t>& IndexWriter::lengths(const Output& output) {
    return frames_.stored[compression_name(output.compression)];
}

void IndexWriter::write(std::string_view text) {
    part_size_ += text.size();
    text_.write(text);
    for (auto& output : outputs_) output.writer->write(text);
}

void IndexWriter::end_part() {
    for (auto& output : outputs_)
        lengths(output).push_back(part_size_ == 0 ? 0 : output.writer->finish_frame());
    frames_.text.push_back(std::exchange(part_size_, 0));
}

void IndexWriter::copy_parent_part(std::size_t part) {
    const std::string text = parent_->text.part(part);
    text_.write(text);
    frames_.text.push_back(text.size());
    for (auto& output : outputs_) {
        if (output.parent == nullptr) {  // a compression that the parent does not have
            output.writer->write(text);
            lengths(output).push_back(output.writer->finish_frame());
            continue;
        }
        const std::string frame = output.parent->frame(part);
        if (output.compression == formats::Compression::gz && !matches_gzip_trailer(frame, text)) {
            output.proof->check();  // is it the published file?
            throw base::Error(base::ErrorKind::integrity, "read", "private/text",
                              "a cached index text differs from what is published",
                              "remove the files in private/text, they are only a cache");
        }
        output.proof->read_until(output.parent->end_of_frame(part));
        output.writer->copy_frame(frame);
        lengths(output).push_back(frame.size());
    }
}

store::IndexFrames IndexWriter::finish(base::UnixSeconds mtime, std::vector<IndexFile>& files) {
    if (text_.size() == 0) {  // an empty file is no valid gzip file: one frame of nothing
        for (auto& output : outputs_) lengths(output).at(0) = output.writer->finish_frame();
    }
    for (auto& output : outputs_) {
        if (output.proof != nullptr) output.proof->check();
    }
    files.push_back({{frames_.name, "none", "", 0, ""}, text_.path()});
    text_.finish(mtime, files.back().entry);
    for (auto& output : outputs_) {
        output.writer->finish_file();
        files.push_back(
            {{frames_.name, compression_name(output.compression), "", 0, ""}, output.file->path()});
        output.file->finish(mtime, files.back().entry);
    }
    return std::move(frames_);
}

}  // namespace repotool::publisher
