// SPDX-License-Identifier: GPL-3.0-or-later
// One package in a package set, as manifests hold it (docs/FORMAT.md §5.1).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::store {

// A file of a source package besides the one that `path` names; lies in the same directory.
struct RecordFile {
    std::string name;
    std::string sha256;
    std::uint64_t size = 0;

    friend bool operator==(const RecordFile&, const RecordFile&) = default;
};

struct Record {
    std::string name;
    std::string version;
    std::string architecture;
    std::string path;    // below pool/<repository>/
    std::string sha256;  // of the published file
    std::uint64_t size = 0;
    std::string unsigned_sha256;  // of the file before signing; empty where it was not signed here
    std::string content;          // identity that signing does not change
    std::string source;
    std::string source_version;
    std::vector<RecordFile> files{};  // of a .dsc; sorted by name

    friend bool operator==(const Record&, const Record&) = default;
};

// Orders a set; unique in it. Compared as bytes.
std::string record_key(const Record& record);
std::string record_key(std::string_view name, std::string_view version, std::string_view architecture);

// One line of compact canonical JSON with its LF, and back.
std::string render_record(const Record& record);
// Throws base::Error (integrity) for anything that render_record would not have written, hostile paths among
// it.
std::vector<Record> parse_records(std::string_view lines);
// The name of the package in a line that render_record() gave, found without parsing it; empty where only
// parsing tells.
std::string_view peek_name(std::string_view line) noexcept;
// Each line, with its end.
void for_each_line(std::string_view lines, const std::function<void(std::string_view line)>& visit);

}  // namespace repotool::store
