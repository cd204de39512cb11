// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/update.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/names.hpp"
#include "core/yaml/yaml_reader.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {
namespace {

using yaml::Faults;
using yaml::YamlReader;

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kLargestUpdate = std::uint64_t{1} << 20U;

std::string needed_text(const YamlReader& value) {
    std::string text = value.text();
    if (base::trim(text).empty()) value.fail("expected a text, found nothing");
    return text;
}

std::string line(const YamlReader& value) {
    std::string text = needed_text(value);
    if (base::printable(text) != text) value.fail("expected one line of text without control characters");
    return text;
}

// A text that a check of names lets through.
template <class Check>
std::string checked(const YamlReader& value, const Check& check) {
    std::string text = line(value);
    try {
        check(text);
    } catch (const Error& error) {
        value.fail(fmt::format("'{}' is not allowed: {}", text, error.reason()));
    }
    return text;
}

std::string path_part(const YamlReader& value) {
    return checked(value, check_combination_part);
}

std::string change_name(const YamlReader& value) {
    return checked(value, [](const std::string& text) { store::check_repository_name("test/" + text); });
}

std::string group_name(const YamlReader& value) {
    const std::string text = line(value);
    if (text.find_first_of("/\\") != std::string::npos)
        value.fail(fmt::format("a group names a directory beside ready/ and has no slash, found '{}'", text));
    return checked(value, check_combination_part);
}

// A path below the update's directory, or a repository; "./" and a last "/" do not matter.
std::string package_place(const YamlReader& value) {
    std::string text = line(value);
    while (text.ends_with("/")) text.pop_back();
    if (!store::is_safe_path(text.starts_with("./") ? text.substr(2) : text)) {
        value.fail(fmt::format("'{}' is neither a path below the update's directory nor a repository", text));
    }
    return text;
}

// "noarch, src" as rdoupdate has it, or a list.
std::vector<std::string> architectures(const YamlReader& value) {
    std::vector<std::string> found;
    if (value.is_list()) {
        value.each_item([&](const YamlReader& item) { found.push_back(line(item)); });
        return found;
    }
    for (const auto& part : base::split(line(value), ',')) {
        if (const auto name = base::trim(part); !name.empty()) found.emplace_back(name);
    }
    if (found.empty()) value.fail("expected architectures, found none");
    return found;
}

void demand(const YamlReader& map, const char* what, const std::vector<const char*>& keys) {
    for (const char* key : keys) {
        if (!map.has(key)) map.attempt([&] { map.fail(fmt::format("{} needs '{}'", what, key)); });
    }
}

void read_build(const YamlReader& reader, Build& build) {
    if (reader.is_null()) reader.fail("expected a build: id, repo and dist");
    build.place = reader.place();
    reader.read_map({{"id", [&](const YamlReader& value) { build.id = line(value); }},
                     {"repo", [&](const YamlReader& value) { build.repo = path_part(value); }},
                     {"dist", [&](const YamlReader& value) { build.dist = path_part(value); }},
                     {"tag", [&](const YamlReader& value) { build.tag = path_part(value); }},
                     {"source", [&](const YamlReader& value) { build.source = line(value); }},
                     {"arch", [&](const YamlReader& value) { build.architectures = architectures(value); }}});
    demand(reader, "a build", {"id", "repo", "dist"});
}

void read_lines(const YamlReader& reader, std::vector<std::string>& lines,
                std::string (*read)(const YamlReader&)) {
    reader.each_item([&](const YamlReader& item) { lines.push_back(read(item)); });
}

}  // namespace

Update parse_update(const std::string& text, const std::string& file) {
    const YamlReader document = YamlReader::parse(text, file, ErrorKind::input, Faults::all);
    Update update;
    update.file = file;
    if (document.is_null()) document.fail("the update is empty: it needs 'notes' and 'builds'");
    const auto read_builds = [&](const YamlReader& value) {
        value.each_item([&](const YamlReader& item) { read_build(item, update.builds.emplace_back()); });
        if (update.builds.empty()) value.fail("expected at least one build");
    };
    document.read_map(
        {{"notes", [&](const YamlReader& value) { update.notes = needed_text(value); }},
         {"builds", read_builds},
         {"group", [&](const YamlReader& value) { update.group = group_name(value); }},
         {"change", [&](const YamlReader& value) { update.change = change_name(value); }},
         {"packages", [&](const YamlReader& value) { read_lines(value, update.packages, package_place); }},
         {"require", [&](const YamlReader& value) { read_lines(value, update.require, line); }}});
    demand(document, "an update", {"notes", "builds"});
    document.throw_faults();
    return update;
}

Update read_update(const std::string& file) {
    const auto opened = fs::open_external(file);
    if (opened->status().size > kLargestUpdate)
        throw Error(ErrorKind::input, "read", file, "it is larger than 1 MiB");
    return parse_update(fs::read_all(*opened, file, kLargestUpdate), file);
}

std::string place_of(const Update& update, const Build& build) {
    return fmt::format("{}:{}:{}", update.file, build.place.line, build.place.column);
}

std::string combination_text(const std::string& release, const std::string& dist) {
    return fmt::format("{}/{}", release, dist);
}

}  // namespace repotool::publisher
