// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/purge_list.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kLimit = std::uint64_t{1} << 28U;

LineLog read_log(fs::Filesystem& filesystem) {
    if (!filesystem.status(layout::kPurgeList)) return {};
    return parse_line_log(fs::read_file(filesystem, layout::kPurgeList, kLimit), layout::kPurgeList);
}

std::string to_line(const PurgedEntry& entry) {
    const json document{{"sha256", entry.sha256},           {"unsigned", entry.unsigned_sha256},
                        {"content", entry.content},         {"name", entry.name},
                        {"version", entry.version},         {"arch", entry.architecture},
                        {"reason", entry.reason},           {"by", entry.by},
                        {"time", base::iso8601(entry.time)}};
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

PurgedEntry from_json(const json& document) {
    PurgedEntry entry;
    document.at("sha256").get_to(entry.sha256);
    document.at("unsigned").get_to(entry.unsigned_sha256);
    document.at("content").get_to(entry.content);
    document.at("name").get_to(entry.name);
    document.at("version").get_to(entry.version);
    document.at("arch").get_to(entry.architecture);
    document.at("reason").get_to(entry.reason);
    document.at("by").get_to(entry.by);
    entry.time = base::parse_iso8601(document.at("time").get<std::string>());
    return entry;
}

// All lines in one write: the list grows by all of them or by none that was acknowledged.
void append_lines(Site& site, const std::vector<std::string>& lines) {
    fs::Filesystem& filesystem = site.filesystem();
    std::string text;
    for (const auto& line : lines) text += checked_line(line);
    const auto file = filesystem.open_append(layout::kPurgeList);
    file->write(text);
    file->sync();
    file->close();
    filesystem.sync_directory(fs::parent_path(layout::kPurgeList));
}

// A torn last line was never acknowledged. Under the list's lock.
void repair(fs::Filesystem& filesystem) {
    const LineLog log = read_log(filesystem);
    if (!log.is_torn) return;
    const std::string bytes = fs::read_file(filesystem, layout::kPurgeList, kLimit);
    fs::replace_file(filesystem, layout::kPurgeList, std::string_view(bytes).substr(0, log.good_bytes), 0600);
}

}  // namespace

PurgeList::PurgeList(fs::Filesystem& filesystem) {
    try {
        for (const auto& line : read_log(filesystem).lines) {
            const json document = json::parse(line);
            const std::string sha256 = document.at("sha256").get<std::string>();
            if (document.value("finished", false)) {
                if (const auto found = by_digest_.find(sha256); found != by_digest_.end())
                    entries_[found->second].finished = true;
                continue;
            }
            entries_.push_back(from_json(document));
            const PurgedEntry& entry = entries_.back();
            for (const auto& digest : {entry.sha256, entry.unsigned_sha256, entry.content}) {
                if (!digest.empty()) by_digest_.try_emplace(digest, entries_.size() - 1);
            }
        }
    } catch (const json::exception& error) {
        throw Error(ErrorKind::integrity, "read", layout::kPurgeList, error.what());
    }
}

std::optional<PurgedEntry> PurgeList::find(const std::string& digest) const {
    const auto found = by_digest_.find(digest);
    if (digest.empty() || found == by_digest_.end()) return std::nullopt;
    return entries_[found->second];
}

void add_purged(Site& site, const std::vector<PurgedEntry>& entries) {
    const auto lock = site.lock_shortly(layout::kPurgeLock, fs::LockMode::exclusive);
    repair(site.filesystem());
    const PurgeList list(site.filesystem());
    std::vector<std::string> lines;
    for (const auto& entry : entries) {
        const auto known = list.find(entry.sha256);
        if (!known || known->sha256 != entry.sha256) lines.push_back(to_line(entry));
    }
    if (!lines.empty()) append_lines(site, lines);
}

void finish_purged(Site& site, const std::vector<std::string>& sha256s) {
    if (sha256s.empty()) return;
    const auto lock = site.lock_shortly(layout::kPurgeLock, fs::LockMode::exclusive);
    repair(site.filesystem());
    std::vector<std::string> lines;
    for (const auto& sha256 : sha256s) lines.push_back(json{{"sha256", sha256}, {"finished", true}}.dump());
    append_lines(site, lines);
}

void check_not_purged(const PurgeList& list, const std::vector<std::string>& digests, const std::string& verb,
                      const std::string& object) {
    for (const auto& digest : digests) {
        const auto entry = list.find(digest);
        if (!entry) continue;
        throw Error(ErrorKind::policy, verb, object,
                    fmt::format("{} {} was purged by {} on {}: {}", base::printable(entry->name),
                                base::printable(entry->version), base::printable(entry->by),
                                base::iso8601(entry->time), base::printable(entry->reason)),
                    "no repository of this site takes it again; give a mended package a new version");
    }
}

}  // namespace repotool::store
