// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/byte_codec.hpp"

#include <stdexcept>

#include "core/base/error.hpp"

namespace repotool::base {

void ByteWriter::text(std::string_view value) {
    if (value.size() > UINT32_MAX) throw std::length_error("a text of 4 GiB or more");
    count(value.size());
    bytes_ += value;
}

void ByteWriter::texts(const std::vector<std::string>& values) {
    count(values.size());
    for (const auto& value : values) text(value);
}

std::size_t ByteReader::count(std::size_t smallest) {
    const auto value = number<std::uint32_t>();
    if (value > rest_.size() / smallest) refuse("it says that it has more entries than bytes");
    return value;
}

std::vector<std::string> ByteReader::texts() {
    std::vector<std::string> values;
    for (std::size_t left = count(sizeof(std::uint32_t)); left > 0; --left) values.push_back(text());
    return values;
}

void ByteReader::end() const {
    if (!rest_.empty()) refuse("something follows it");
}

std::string_view ByteReader::take(std::size_t size) {
    if (rest_.size() < size) refuse("it is too short");
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
}

void ByteReader::refuse(const char* reason) const {
    throw Error(ErrorKind::integrity, "read", what_, reason);
}

}  // namespace repotool::base
