// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"

namespace repotool::formats {

using nlohmann::json;

const char* format_name(Format format) noexcept {
    return format == Format::deb ? "deb" : "rpm";
}

Format parse_format(std::string_view name) {
    if (name == "deb") return Format::deb;
    if (name == "rpm") return Format::rpm;
    throw base::Error(base::ErrorKind::input, "read", std::string(name), "expected the format deb or rpm");
}

std::string to_json(const Package& package) {
    json index = json::object();
    for (const auto& [kind, text] : package.index) index[kind] = {text.before, text.after};
    const json document{{"format", format_name(package.format)},
                        {"name", package.name},
                        {"version", package.version},
                        {"architecture", package.architecture},
                        {"source", package.source},
                        {"source_version", package.source_version},
                        {"file_name", package.file_name},
                        {"size", package.size},
                        {"sha256", package.sha256},
                        {"content_id", package.content_id},
                        {"is_source", package.is_source},
                        {"any_architecture", package.any_architecture},
                        {"index", index}};
    return document.dump();
}

Package package_from_json(std::string_view text) {
    try {
        const json document = json::parse(text);
        Package package;
        package.format = parse_format(document.at("format").get<std::string>());
        document.at("name").get_to(package.name);
        document.at("version").get_to(package.version);
        document.at("architecture").get_to(package.architecture);
        document.at("source").get_to(package.source);
        document.at("source_version").get_to(package.source_version);
        document.at("file_name").get_to(package.file_name);
        document.at("size").get_to(package.size);
        document.at("sha256").get_to(package.sha256);
        document.at("content_id").get_to(package.content_id);
        document.at("is_source").get_to(package.is_source);
        document.at("any_architecture").get_to(package.any_architecture);
        for (const auto& [kind, parts] : document.at("index").items()) {
            package.index[kind] = {parts.at(0).get<std::string>(), parts.at(1).get<std::string>()};
        }
        return package;
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", "package record", error.what());
    }
}

}  // namespace repotool::formats
