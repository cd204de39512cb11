// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/line_log.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

#include "core/base/error.hpp"

namespace repotool::store {
namespace {

std::string checksum(std::string_view text) {
    return fmt::format("{:08x}", crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

constexpr std::size_t kPrefix = 9;  // eight digits and a space

bool is_good(std::string_view line) {
    return line.size() > kPrefix && line[kPrefix - 1] == ' ' &&
           line.substr(0, kPrefix - 1) == checksum(line.substr(kPrefix));
}

}  // namespace

std::string checked_line(std::string_view text) {
    return fmt::format("{} {}\n", checksum(text), text);
}

LineLog parse_line_log(std::string text, const std::string& name) {
    LineLog log;
    log.bytes = std::make_shared<const std::string>(std::move(text));
    const std::string_view bytes = *log.bytes;
    while (log.good_bytes < bytes.size()) {
        const std::string_view rest = bytes.substr(log.good_bytes);
        const auto end = rest.find('\n');
        const bool whole = end != std::string_view::npos && is_good(rest.substr(0, end));
        if (!whole) {
            const bool last = end == std::string_view::npos || end + 1 == rest.size();
            if (!last)
                throw base::Error(base::ErrorKind::integrity, "read", name,
                                  fmt::format("line {} has a wrong checksum", log.lines.size() + 1));
            log.is_torn = true;
            return log;
        }
        log.lines.push_back(rest.substr(kPrefix, end - kPrefix));
        log.good_bytes += end + 1;
    }
    return log;
}

std::string_view with_checksum(std::string_view line) {
    return {line.data() - kPrefix, line.size() + kPrefix};
}

void append_line(fs::Filesystem& filesystem, const std::string& path, std::string_view text) {
    const auto file = filesystem.open_append(path);
    file->write(checked_line(text));
    file->sync();
    file->close();
}

}  // namespace repotool::store
