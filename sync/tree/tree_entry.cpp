// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/tree/tree_entry.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/names.hpp"

namespace repotool::sync {
namespace {

using nlohmann::json;

[[noreturn]] void damaged(const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "read", kTreeLinks, reason);
}

TreeEntry parse_line(const std::string& line) {
    const json document = json::parse(line);
    TreeEntry entry{document.at(0).get<std::string>(), ""};
    if (document.size() > 1) document.at(1).get_to(entry.target);
    if (!is_tree_path(entry.path) || (document.size() > 1 && !stays_inside(entry.path, entry.target)))
        damaged("'" + entry.path + "' leads out of the tree");
    return entry;
}

}  // namespace

std::string render_tree_entries(const std::vector<TreeEntry>& entries) {
    std::string text;
    for (const auto& entry : entries) {
        json line = json::array({entry.path});
        if (!entry.target.empty()) line.push_back(entry.target);
        text += line.dump() + "\n";
    }
    return text;
}

std::vector<TreeEntry> parse_tree_entries(std::string_view text) {
    std::vector<TreeEntry> entries;
    try {
        for (const auto& line : base::split(text, '\n')) {
            if (!line.empty()) entries.push_back(parse_line(line));
        }
    } catch (const json::exception& error) {
        damaged(error.what());
    }
    return entries;
}

bool is_tree_path(std::string_view path) {
    static constexpr std::array<std::string_view, 4> kReserved{"MANIFEST", "MANIFEST.asc", store::kCarries,
                                                               kTreeLinks};
    return store::is_safe_path(path) && base::is_valid_utf8(path) &&
           std::find(kReserved.begin(), kReserved.end(), path) == kReserved.end();
}

bool stays_inside(std::string_view path, std::string_view target) {
    if (target.empty() || target.front() == '/' || !base::is_valid_utf8(target)) return false;
    auto room = std::count(path.begin(), path.end(), '/');
    bool is_climbing = true;
    for (const auto& part : base::split(target, '/')) {
        if (part.find_first_of(std::string_view("\0\n", 2)) != std::string::npos) return false;
        const bool is_up = part == "..";
        is_climbing = is_climbing && (is_up || part.empty() || part == ".");
        if (is_up && (!is_climbing || --room < 0)) return false;
    }
    return true;
}

store::Record tree_record(const std::string& path, const std::string& sha256, std::uint64_t size) {
    store::Record record;
    record.name = record.source = path;
    record.version = "-";
    record.architecture = "all";
    record.path = sha256.substr(0, 2) + "/" + sha256;
    record.sha256 = record.content = sha256;
    record.size = size;
    return record;
}

store::SetEntry tree_set() {
    store::SetEntry set;
    set.dist = kTreeFormat;
    set.component = "files";
    set.architecture = "all";
    return set;
}

}  // namespace repotool::sync
