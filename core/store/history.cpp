// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;
constexpr std::uint64_t kSegmentSize = std::uint64_t{1} << 20U;
constexpr std::uint64_t kSegmentLimit = std::uint64_t{1}
                                        << 30U;  // one record of a huge publish may pass kSegmentSize

// A string as JSON has it: nearly always as it is, and quickly so, because a first publish has many of them.
void append_text(std::string& line, const std::string& text) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char character) {
        return character >= ' ' && character <= '~' && character != '"' && character != '\\';
    });
    if (is_plain)
        line.append(1, '"').append(text).append(1, '"');
    else
        line += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// Its keys are sorted, as everywhere in a record.
void append_change(std::string& line, const PackageChange& change) {
    enum class When { always, if_not_empty };
    char before = '{';
    const auto field = [&](const char* key, const std::string& value, When when) {
        if (when == When::if_not_empty && value.empty()) return;
        line.append(1, std::exchange(before, ',')).append(1, '"').append(key).append("\":");
        append_text(line, value);
    };
    field("action", change.action, When::always);
    field("arch", change.architecture, When::always);
    field("component", change.component, When::if_not_empty);
    field("dist", change.dist, When::always);
    field("format", change.format, When::always);
    field("name", change.name, When::always);
    field("origin", change.origin, When::if_not_empty);
    field("path", change.path, When::if_not_empty);
    if (change.request != 0) line += fmt::format(",\"request\":{}", change.request);
    field("sha256", change.sha256, When::always);
    field("unsigned", change.unsigned_sha256, When::if_not_empty);
    field("version", change.version, When::always);
    line += '}';
}

std::string render_changes(const std::vector<PackageChange>& changes) {
    std::string line;
    for (const auto& change : changes) {
        if (!line.empty()) line += ',';
        append_change(line, change);
    }
    return line;
}

PackageChange change_from(const json& document) {
    return {document.at("action").get<std::string>(),
            document.at("format").get<std::string>(),
            document.at("dist").get<std::string>(),
            document.at("name").get<std::string>(),
            document.at("version").get<std::string>(),
            document.at("arch").get<std::string>(),
            document.at("sha256").get<std::string>(),
            document.value("unsigned", ""),
            document.value("component", ""),
            document.value("path", ""),
            document.value("origin", ""),
            document.value("request", 0U)};
}

json actor(const std::string& user, const std::string& host, const std::string& job) {
    return {{"user", user}, {"host", host}, {"job", job}};
}

json to_json(const HistoryRequest& request) {
    return {{"operation", request.operation},
            {"actor", actor(request.user, request.host, request.job)},
            {"meta", request.meta}};
}

HistoryRequest request_from(const json& document) {
    const json& who = document.at("actor");
    return {document.at("operation").get<std::string>(), who.at("user").get<std::string>(),
            who.at("host").get<std::string>(), who.at("job").get<std::string>(),
            document.at("meta").get<std::map<std::string, std::string>>()};
}

}  // namespace

std::string render_history_record(const HistoryRecord& record) {
    json document{{"seq", record.sequence},
                  {"prev", record.previous},
                  {"time", base::iso8601(record.time)},
                  {"operation", record.operation},
                  {"generation", record.generation},
                  {"parent", record.parent},
                  {"manifest", record.manifest_sha256},
                  {"actor", actor(record.user, record.host, record.job)},
                  {"changes", json::array()},
                  {"meta", record.meta}};
    for (const auto& request : record.requests) document["requests"].push_back(to_json(request));
    if (record.recovered) document["recovered"] = true;
    std::string line = document.dump(-1, ' ', false, json::error_handler_t::replace);
    // Quotes within strings are escaped: nothing else looks like this.
    constexpr std::string_view kChanges = "\"changes\":[";
    return line.insert(line.find(kChanges) + kChanges.size(), render_changes(record.changes));
}

HistoryRecord parse_history_record(std::string_view text) {
    try {
        const json document = json::parse(text);
        HistoryRecord record;
        document.at("seq").get_to(record.sequence);
        document.at("prev").get_to(record.previous);
        record.time = base::parse_iso8601(document.at("time").get<std::string>());
        document.at("operation").get_to(record.operation);
        document.at("generation").get_to(record.generation);
        document.at("parent").get_to(record.parent);
        document.at("manifest").get_to(record.manifest_sha256);
        const json& actor = document.at("actor");
        actor.at("user").get_to(record.user);
        actor.at("host").get_to(record.host);
        actor.at("job").get_to(record.job);
        for (const auto& change : document.at("changes")) record.changes.push_back(change_from(change));
        document.at("meta").get_to(record.meta);
        if (document.contains("requests")) {
            for (const auto& request : document.at("requests"))
                record.requests.push_back(request_from(request));
        }
        record.recovered = document.value("recovered", false);
        return record;
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", "history record", error.what());
    }
}

HistoryRecord parse_history_summary(std::string_view text) {
    // Keys are sorted, and quotes within strings escaped: nothing else looks like these two.
    constexpr std::string_view kBegin = "\"changes\":[";
    constexpr std::string_view kEnd = "],\"generation\":";
    const auto begin = text.find(kBegin);
    const auto end = text.find(kEnd, begin == std::string_view::npos ? begin : begin + kBegin.size() - 1);
    if (begin == std::string_view::npos || end == std::string_view::npos) return parse_history_record(text);
    const std::string_view head = text.substr(0, begin + kBegin.size());
    return parse_history_record(std::string(head) + std::string(text.substr(end)));
}

History::History(fs::Filesystem& filesystem, const std::string& repository)
    : filesystem_(filesystem), directory_(layout::history_directory(repository)) {}

std::vector<std::string> History::segments() const {
    std::vector<std::string> paths;
    for (const auto& name : filesystem_.list(directory_)) {
        if (name.ends_with(".log")) paths.push_back(directory_ + "/" + name);
    }
    return paths;
}

std::vector<HistoryRecord> History::read() const {
    std::vector<HistoryRecord> records;
    std::string previous;
    for (const auto& path : segments()) {
        const LineLog log = parse_line_log(fs::read_file(filesystem_, path, kSegmentLimit), path);
        for (const auto& line : log.lines) {
            records.push_back(parse_history_record(line));
            if (records.back().previous != previous) {
                throw base::Error(
                    base::ErrorKind::integrity, "read", path,
                    fmt::format("record {} does not follow the one before it: the history was changed",
                                records.back().sequence));
            }
            previous = base::sha256_hex(with_checksum(line));
        }
    }
    return records;
}

std::vector<HistoryRecord> History::read_back(std::uint64_t generation) const {
    std::vector<HistoryRecord> records;
    const auto paths = segments();
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
        const LineLog log = parse_line_log(fs::read_file(filesystem_, *path, kSegmentLimit), *path);
        std::vector<HistoryRecord> older;
        for (const auto& line : log.lines) older.push_back(parse_history_summary(line));
        records.insert(records.begin(), std::make_move_iterator(older.begin()),
                       std::make_move_iterator(older.end()));
        if (!records.empty() && records.front().generation < generation) break;
    }
    return records;
}

std::optional<std::string> History::newest_meta(const std::string& key) const {
    const auto paths = segments();
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
        std::string bytes = fs::read_file(filesystem_, *path, kSegmentLimit);
        if (bytes.find(key) == std::string::npos) continue;  // most have none: not worth parsing
        const LineLog log = parse_line_log(std::move(bytes), *path);
        for (auto line = log.lines.rbegin(); line != log.lines.rend(); ++line) {
            if (line->find(key) == std::string::npos) continue;
            const HistoryRecord record = parse_history_record(*line);
            for (auto request = record.requests.rbegin(); request != record.requests.rend(); ++request) {
                if (const auto found = request->meta.find(key); found != request->meta.end())
                    return found->second;
            }
            if (const auto found = record.meta.find(key); found != record.meta.end()) return found->second;
        }
    }
    return std::nullopt;
}

std::optional<HistoryRecord> History::last() const {
    const auto paths = segments();
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
        const LineLog log = parse_line_log(fs::read_file(filesystem_, *path, kSegmentLimit), *path);
        if (!log.lines.empty()) return parse_history_summary(log.lines.back());
    }
    return std::nullopt;
}

void History::repair() {
    rewrite_newest(Rewrite::if_torn);
}

void History::renew() {
    rewrite_newest(Rewrite::always);
}

void History::rewrite_newest(Rewrite rewrite) {
    const auto paths = segments();
    if (paths.empty()) return;
    const LineLog log = parse_line_log(fs::read_file(filesystem_, paths.back(), kSegmentLimit), paths.back());
    if (log.is_torn || rewrite == Rewrite::always)
        fs::replace_file(filesystem_, paths.back(), std::string_view(*log.bytes).substr(0, log.good_bytes),
                         0600);
}

void History::append(HistoryRecord record) {
    record.sequence = 0;
    record.previous.clear();
    const auto paths = segments();
    std::string path = paths.empty() ? directory_ + "/000001.log" : paths.back();
    if (!paths.empty()) {
        // The newest segment may be empty: its first record was torn and repaired. Then the one before has
        // the last.
        for (auto segment = paths.rbegin(); segment != paths.rend() && record.sequence == 0; ++segment) {
            const LineLog log = parse_line_log(fs::read_file(filesystem_, *segment, kSegmentLimit), *segment);
            if (log.lines.empty()) continue;
            record.previous = base::sha256_hex(with_checksum(log.lines.back()));
            record.sequence = parse_history_summary(log.lines.back()).sequence + 1;
        }
        if (filesystem_.status(path)->size >= kSegmentSize)
            path = fmt::format("{}/{:06}.log", directory_, paths.size() + 1);
    } else {
        for (const auto& changed : fs::make_directories(filesystem_, directory_, 0700))
            filesystem_.sync_directory(changed);
    }
    if (record.sequence == 0) record.sequence = 1;
    append_line(filesystem_, path, render_history_record(record));
    filesystem_.sync_directory(directory_);
}

}  // namespace repotool::store
