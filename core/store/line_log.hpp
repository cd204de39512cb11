// SPDX-License-Identifier: GPL-3.0-or-later
// Append-only files of checked lines: journal and history (docs/FORMAT.md §9, §10).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

struct LineLog {
    std::shared_ptr<const std::string> bytes;  // of the file
    std::vector<std::string_view> lines;       // parts of them, without checksum and LF
    std::size_t good_bytes = 0;                // length of the part that is whole
    bool is_torn = false;  // the last line was not written completely: it was never acknowledged
};

// `text` as one checked line.
std::string checked_line(std::string_view text);
// Throws base::Error (integrity) for a bad line that is not the last.
LineLog parse_line_log(std::string bytes, const std::string& name);
// One of LineLog::lines with its checksum, still without LF.
std::string_view with_checksum(std::string_view line);
// Appends a line and syncs; the file is made where it does not exist. Does not sync the directory.
void append_line(fs::Filesystem& filesystem, const std::string& path, std::string_view text);

}  // namespace repotool::store
