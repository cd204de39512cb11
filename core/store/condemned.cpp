// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/condemned.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

std::string path_of(const Waste& waste) {
    return fs::join_path(layout::kCondemned, waste.name());
}

json to_json(const CondemnedFile& file) {
    return {{"path", file.path}, {"sha256", file.sha256},   {"size", file.size},
            {"name", file.name}, {"version", file.version}, {"arch", file.architecture}};
}

CondemnedFile from_json(const json& document) {
    return {document.at("path").get<std::string>(),    document.at("sha256").get<std::string>(),
            document.at("size").get<std::uint64_t>(),  document.at("name").get<std::string>(),
            document.at("version").get<std::string>(), document.at("arch").get<std::string>()};
}

}  // namespace

void add_package_files(CondemnedFiles& files, const std::string& repository, const Record& record) {
    for (auto& file : pool_files(repository, record)) {
        CondemnedFile condemned{file.path,   file.sha256,    file.size,
                                record.name, record.version, record.architecture};
        files.try_emplace(file.path, std::move(condemned));
    }
}

void keep_package_files(CondemnedFiles& files, const std::string& repository, const Record& record) {
    for (const auto& file : pool_files(repository, record)) files.erase(file.path);
}

void write_condemned(fs::Filesystem& filesystem, const Waste& waste, const CondemnedFiles& files) {
    std::string text;
    for (const auto& [path, file] : files) text += checked_line(to_json(file).dump());
    fs::replace_file(filesystem, path_of(waste), text, 0600);
}

CondemnedFiles read_condemned(fs::Filesystem& filesystem, const Waste& waste) {
    const std::string name = path_of(waste);
    const std::string pool = layout::pool(waste.repository) + "/";
    CondemnedFiles files;
    const LineLog log = parse_line_log(fs::read_file(filesystem, name), name);
    try {
        for (const auto& line : log.lines) {
            CondemnedFile file = from_json(json::parse(line));
            if (!is_safe_path(file.path) || !file.path.starts_with(pool))
                throw Error(ErrorKind::integrity, "read", name, "it names what is not the repository's");
            files.emplace(file.path, std::move(file));
        }
    } catch (const json::exception& error) {
        throw Error(ErrorKind::integrity, "read", name, error.what());
    }
    if (log.is_torn) throw Error(ErrorKind::integrity, "read", name, "it ends in the middle of a line");
    return files;
}

std::set<std::string> package_names(const CondemnedFiles& files) {
    std::set<std::string> names;
    for (const auto& [path, file] : files) names.insert(file.name);
    return names;
}

}  // namespace repotool::store
