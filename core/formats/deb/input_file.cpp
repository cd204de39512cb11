// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/input_file.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/formats/deb/apt_errors.hpp"

namespace repotool::formats::deb {

InputFile::InputFile(const std::string& path) : path_(path) {
    if (!file_.Open(path, FileFd::ReadOnly, FileFd::None)) fail("open");
    size_ = file_.FileSize();
}

InputFile::~InputFile() {
    file_.Close();
    take_apt_errors();
}

void InputFile::read_at(std::uint64_t offset, std::span<char> buffer) {
    if (buffer.empty()) return;
    if (!file_.Seek(offset) || !file_.Read(buffer.data(), buffer.size())) fail("read");
}

void InputFile::fail(const char* verb) {
    const std::string complaints = take_apt_errors();
    throw base::Error(base::ErrorKind::storage, verb, path_,
                      complaints.empty() ? "it became shorter" : complaints);
}

std::size_t FileRange::read(std::span<char> buffer) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    file_.read_at(position_, buffer.first(count));
    position_ += count;
    left_ -= count;
    return count;
}

}  // namespace repotool::formats::deb
