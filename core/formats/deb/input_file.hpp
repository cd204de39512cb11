// SPDX-License-Identifier: GPL-3.0-or-later
// A file that is read at given offsets; libapt-pkg's FileFd, used without its decompressors.
#pragma once

#include <apt-pkg/fileutl.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/formats/deb/byte_source.hpp"

namespace repotool::formats::deb {

class InputFile {
public:
    // Throws base::Error (storage) when it cannot be opened.
    explicit InputFile(const std::string& path);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t size() const noexcept { return size_; }
    // Fills the whole buffer with the bytes from `offset` on. Throws base::Error (storage).
    void read_at(std::uint64_t offset, std::span<char> buffer);

private:
    [[noreturn]] void fail(const char* verb);

    std::string path_;
    FileFd file_;
    std::uint64_t size_ = 0;
};

// `size` bytes of `file` from `offset` on; the file must outlive it.
class FileRange : public ByteSource {
public:
    FileRange(InputFile& file, std::uint64_t offset, std::uint64_t size)
        : file_(file), position_(offset), left_(size) {}
    std::size_t read(std::span<char> buffer) override;

private:
    InputFile& file_;
    std::uint64_t position_;
    std::uint64_t left_;
};

}  // namespace repotool::formats::deb
