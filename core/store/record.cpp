// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;

void read_files(const json& document, Record& record) {
    if (!document.contains("files")) return;
    for (const auto& entry : document.at("files")) {
        RecordFile file{entry.at("name").get<std::string>(), entry.at("sha256").get<std::string>(),
                        entry.at("size").get<std::uint64_t>()};
        const bool plain = is_safe_path(file.name) && file.name.find('/') == std::string::npos;
        if (!plain || !base::is_sha256_hex(file.sha256)) {
            throw base::Error(base::ErrorKind::integrity, "read", "package record",
                              fmt::format("'{}' has a file that we never write", record.name));
        }
        record.files.push_back(std::move(file));
    }
}

Record parse_record(std::string_view line) {
    const json document = json::parse(line);
    Record record;
    document.at("name").get_to(record.name);
    document.at("version").get_to(record.version);
    document.at("arch").get_to(record.architecture);
    document.at("path").get_to(record.path);
    document.at("sha256").get_to(record.sha256);
    document.at("size").get_to(record.size);
    record.unsigned_sha256 = document.value("unsigned", "");
    document.at("content").get_to(record.content);
    document.at("source").get_to(record.source);
    document.at("source_version").get_to(record.source_version);
    read_files(document, record);
    const bool good_digests = base::is_sha256_hex(record.sha256) && base::is_sha256_hex(record.content) &&
                              (record.unsigned_sha256.empty() || base::is_sha256_hex(record.unsigned_sha256));
    if (!is_safe_path(record.path) || !good_digests) {
        throw base::Error(base::ErrorKind::integrity, "read", "package record",
                          fmt::format("'{}' has a path or digest that we never write", record.name));
    }
    return record;
}

}  // namespace

std::string record_key(std::string_view name, std::string_view version, std::string_view architecture) {
    return fmt::format("{}\n{}\n{}", name, version, architecture);
}

std::string record_key(const Record& record) {
    return record_key(record.name, record.version, record.architecture);
}

std::string render_record(const Record& record) {
    json document{
        {"name", record.name},       {"version", record.version}, {"arch", record.architecture},
        {"path", record.path},       {"sha256", record.sha256},   {"size", record.size},
        {"content", record.content}, {"source", record.source},   {"source_version", record.source_version}};
    if (!record.unsigned_sha256.empty()) document["unsigned"] = record.unsigned_sha256;
    if (!record.files.empty()) {
        json files = json::array();
        for (const auto& file : record.files)
            files.push_back({{"name", file.name}, {"sha256", file.sha256}, {"size", file.size}});
        document["files"] = files;
    }
    return document.dump() + "\n";
}

std::vector<Record> parse_records(std::string_view lines) {
    std::vector<Record> records;
    try {
        for_each_line(lines, [&](std::string_view line) {
            if (!line.ends_with('\n'))
                throw base::Error(base::ErrorKind::integrity, "read", "package record",
                                  "the last line has no end");
            records.push_back(parse_record(line.substr(0, line.size() - 1)));
        });
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", "package record", error.what());
    }
    return records;
}

std::string_view peek_name(std::string_view line) noexcept {
    // Keys are sorted: before this one only "files" could have it inside.
    constexpr std::string_view kKey = "\"name\":\"";
    const auto key = line.find(kKey);
    if (key == std::string_view::npos) return {};
    const auto begin = key + kKey.size();
    const auto end = line.find('"', begin);
    if (end == std::string_view::npos) return {};
    const bool is_plain = line.substr(0, key).find("\"files\":") == std::string_view::npos &&
                          line.substr(0, end).find('\\') == std::string_view::npos;
    return is_plain ? line.substr(begin, end - begin) : std::string_view();
}

void for_each_line(std::string_view lines, const std::function<void(std::string_view line)>& visit) {
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size() - 1);
        visit(lines.substr(0, end + 1));
        lines.remove_prefix(end + 1);
    }
}

}  // namespace repotool::store
