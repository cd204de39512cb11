// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/frame_file.hpp"

#include <algorithm>

#include "core/base/background_hasher.hpp"
#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10U;

}  // namespace

FrameFile::FrameFile(fs::Filesystem& filesystem, std::string path, unsigned mode)
    : path_(std::move(path)), file_(filesystem.create(path_, mode)) {}

void FrameFile::write(std::string_view bytes) {
    checksum_.update(bytes);
    size_ += bytes.size();
    buffer_ += bytes;
    if (buffer_.size() >= kBlock) flush();
}

void FrameFile::flush() {
    file_->write(buffer_);
    buffer_.clear();
}

std::uint64_t FrameFile::cut() {
    segments_.push_back({size_ - segment_begin_, checksum_.take()});
    segment_begin_ = size_;
    return segments_.back().checksum;
}

void FrameFile::close(base::UnixSeconds mtime) {
    if (size_ > segment_begin_) cut();
    flush();
    file_->set_mtime(mtime);
    file_->close();
    buffer_ = {};
}

class ReadBack::Reading {
public:
    Reading(std::unique_ptr<fs::File> file, const FrameFile& written, base::ShaDigests digests,
            store::IndexEntry& entry)
        : file_(std::move(file)), written_(written), entry_(entry), hasher_(digests, base::Urgency::behind) {}

    // False at the end.
    bool read_block() {
        std::string block(kBlock, '\0');
        block.resize(file_->read_at(block, hasher_.size()));
        if (block.empty()) return finish();
        for (std::string_view rest = block; !rest.empty();) {
            while (left_ == 0) next_segment();
            const std::size_t count = std::min<std::uint64_t>(left_, rest.size());
            checksum_.update(rest.substr(0, count));
            left_ -= count;
            rest.remove_prefix(count);
        }
        hasher_.update(std::move(block));
        return true;
    }

private:
    void next_segment() {
        if (place_ > 0 && checksum_.take() != written_.segments()[place_ - 1].checksum) fail();
        if (place_ == written_.segments().size()) fail();
        left_ = written_.segments()[place_++].length;
    }
    bool finish() {
        if (hasher_.size() != written_.size()) fail();
        while (place_ < written_.segments().size()) next_segment();  // empty ones
        if (place_ > 0 && checksum_.take() != written_.segments()[place_ - 1].checksum) fail();
        entry_.size = hasher_.size();
        entry_.sha256 = hasher_.sha256();
        entry_.sha512 = hasher_.sha512();
        return false;
    }
    [[noreturn]] void fail() const {
        throw base::Error(base::ErrorKind::integrity, "verify", written_.path(),
                          "the file on disk is not what was written", "the disk or memory may be faulty");
    }

    std::unique_ptr<fs::File> file_;
    const FrameFile& written_;
    store::IndexEntry& entry_;
    base::BackgroundHasher hasher_;
    base::Checksum checksum_;
    std::size_t place_ = 0;  // segments that were begun
    std::uint64_t left_ = 0;
};

ReadBack::ReadBack(fs::Filesystem& filesystem) : filesystem_(filesystem) {}
ReadBack::~ReadBack() = default;

void ReadBack::add(const FrameFile& file, base::ShaDigests digests, store::IndexEntry& entry) {
    readings_.push_back(std::make_unique<Reading>(filesystem_.open_read(file.path()), file, digests, entry));
}

void ReadBack::run() {
    while (!readings_.empty()) std::erase_if(readings_, [](auto& reading) { return !reading->read_block(); });
}

}  // namespace repotool::publisher
