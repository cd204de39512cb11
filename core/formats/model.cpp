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

const char* kind_name(PackageKind kind) noexcept {
    switch (kind) {
        case PackageKind::binary:
            return "binary";
        case PackageKind::source:
            return "source";
        case PackageKind::udeb:
            return "udeb";
        case PackageKind::debug:
            return "debug";
    }
    return "binary";
}

PackageKind parse_kind(std::string_view name) {
    for (const auto kind :
         {PackageKind::binary, PackageKind::source, PackageKind::udeb, PackageKind::debug}) {
        if (name == kind_name(kind)) return kind;
    }
    throw base::Error(base::ErrorKind::integrity, "read", std::string(name),
                      "there is no such kind of package");
}

std::string to_json(const Package& package) {
    json index = json::object();
    for (const auto& [kind, text] : package.index) index[kind] = {text.before, text.after};
    json files = json::array();
    for (const auto& file : package.files) files.push_back({file.name, file.size, file.sha256});
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
                        {"kind", kind_name(package.kind)},
                        {"files", files},
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
        package.kind = parse_kind(document.at("kind").get<std::string>());
        for (const auto& file : document.at("files")) {
            package.files.push_back({file.at(0).get<std::string>(), file.at(1).get<std::uint64_t>(),
                                     file.at(2).get<std::string>()});
        }
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
