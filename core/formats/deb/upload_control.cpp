// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/upload_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/clear_signed.hpp"
#include "core/formats/deb/grammar.hpp"

namespace repotool::formats::deb {
namespace {

using base::FileDigests;
using nlohmann::json;

// A field that lists files, one a line: digest, size, (.changes: section and priority,) name.
struct ListField {
    const char* name;
    std::string FileDigests::*digest;
    std::size_t digits;
};
constexpr ListField kSha256{"Checksums-Sha256", &FileDigests::sha256, 64};
constexpr ListField kOthers[] = {{"Files", &FileDigests::md5, 32},
                                 {"Checksums-Sha1", &FileDigests::sha1, 40},
                                 {"Checksums-Sha512", &FileDigests::sha512, 128}};

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control", std::move(reason));
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (std::string& word : base::split(line, ' ')) {
        if (!word.empty()) words.push_back(std::move(word));
    }
    return words;
}

bool is_digest(std::string_view text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint64_t parse_size(const ListField& field, const std::string& text) {
    std::uint64_t size = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (status != std::errc() || end != text.data() + text.size())
        refuse(fmt::format("'{}' in {} is not a size", text, field.name));
    return size;
}

ListedFile parse_line(const ListField& field, std::string_view line, std::size_t columns) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() != columns)
        refuse(fmt::format("a line of {} has {} words, expected {}", field.name, words.size(), columns));
    ListedFile file;
    file.name = words.back();
    if (!is_file_name(file.name))
        refuse(fmt::format("'{}' in {} is not allowed as a file's name", file.name, field.name));
    if (!is_digest(words[0], field.digits))
        refuse(fmt::format("'{}' in {} is not a digest", words[0], field.name));
    file.digests.*field.digest = words[0];
    file.digests.size = parse_size(field, words[1]);
    return file;
}

std::vector<ListedFile> parse_list(const ControlStanza& stanza, const ListField& field, std::size_t columns) {
    std::vector<ListedFile> files;
    for (const std::string& line : base::split(stanza.value(field.name), '\n')) {
        if (base::trim(line).empty()) continue;
        if (files.size() == kListedFilesMax)
            refuse(fmt::format("{} lists more than {} files", field.name, kListedFilesMax));
        files.push_back(parse_line(field, line, columns));
    }
    return files;
}

using ByName = std::map<std::string_view, ListedFile*>;

ByName by_name(std::vector<ListedFile>& files) {
    ByName names;
    for (ListedFile& file : files) {
        if (!names.try_emplace(file.name, &file).second)
            refuse(fmt::format("it lists '{}' twice", file.name));
    }
    return names;
}

void add_digests(const ByName& files, std::vector<ListedFile> more, const ListField& field) {
    const ByName others = by_name(more);
    for (const auto& [name, file] : files) {
        const auto found = others.find(name);
        if (found == others.end()) refuse(fmt::format("'{}' is missing in {}", name, field.name));
        if (found->second->digests.size != file->digests.size)
            refuse(fmt::format("it gives two sizes of '{}'", name));
        file->digests.*field.digest = found->second->digests.*field.digest;
    }
    for (const auto& [name, file] : others) {
        if (!files.contains(name)) refuse(fmt::format("'{}' is missing in {}", name, kSha256.name));
    }
}

std::string required(const ControlStanza& stanza, const char* field, bool (*is_good)(std::string_view)) {
    if (stanza.find(field) == nullptr) refuse(fmt::format("it has no field {}", field));
    std::string value(stanza.value(field));
    if (!is_good(value)) refuse(fmt::format("'{}' is not allowed as {}", value, field));
    return value;
}

// "bookworm", "bookworm/updates"; the store's grammar of dists is narrower.
bool is_distribution(std::string_view text) {
    constexpr std::size_t kLengthMax = 64;
    if (text.size() > kLengthMax) return false;
    const auto parts = base::split(text, '/');
    return std::all_of(parts.begin(), parts.end(),
                       [](const std::string& part) { return is_file_name(part); });
}

UploadControl read(std::string_view document, UploadKind kind) {
    const ControlStanza stanza(open_clear_signed(document), Relations::unchecked);
    UploadControl control;
    control.source =
        required(stanza, "Source", [](std::string_view text) { return parse_source(text).has_value(); });
    const auto source = *parse_source(control.source);
    control.source = source.name;
    control.version = required(stanza, "Version", [](std::string_view text) { return is_version(text); });
    control.source_version = source.version.empty() ? control.version : source.version;
    control.architectures = base::split(stanza.value("Architecture"), ' ');
    std::erase(control.architectures, "");
    if (kind == UploadKind::changes) control.distribution = required(stanza, "Distribution", is_distribution);
    control.files = read_listed_files(stanza, kind);
    return control;
}

}  // namespace

std::vector<ListedFile> read_listed_files(const ControlStanza& stanza, UploadKind kind) {
    if (stanza.find(kSha256.name) == nullptr) refuse(fmt::format("it has no field {}", kSha256.name));
    std::vector<ListedFile> files = parse_list(stanza, kSha256, 3);
    if (files.empty()) refuse("it lists no files");
    const ByName names = by_name(files);
    for (const ListField& field : kOthers) {
        if (stanza.find(field.name) == nullptr) continue;
        const bool has_section = kind == UploadKind::changes && field.digest == &FileDigests::md5;
        add_digests(names, parse_list(stanza, field, has_section ? 5 : 3), field);
    }
    return files;
}

UploadControl read_upload_control(std::string_view document, UploadKind kind, const std::string& shown_as) {
    try {
        if (document.size() > kUploadControlMax)
            refuse(fmt::format("it is larger than {} MiB", kUploadControlMax >> 20U));
        return read(document, kind);
    } catch (const base::Error& error) {
        throw base::Error(error.kind(), "read", shown_as, error.reason(), error.hint());
    }
}

std::string to_json(const UploadControl& control) {
    json files = json::array();
    for (const ListedFile& file : control.files) {
        const FileDigests& digests = file.digests;
        files.push_back({file.name, digests.size, digests.md5, digests.sha1, digests.sha256, digests.sha512});
    }
    return json{{"source", control.source},
                {"version", control.version},
                {"source_version", control.source_version},
                {"architectures", control.architectures},
                {"distribution", control.distribution},
                {"files", files}}
        .dump();
}

UploadControl upload_control_from_json(std::string_view text) {
    try {
        const json document = json::parse(text);
        UploadControl control{document.at("source"),         document.at("version"),
                              document.at("source_version"), document.at("architectures"),
                              document.at("distribution"),   {}};
        for (const json& file : document.at("files"))
            control.files.push_back(
                {file.at(0), {file.at(1), file.at(2), file.at(3), file.at(4), file.at(5)}});
        return control;
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", "a worker's answer", error.what());
    }
}

}  // namespace repotool::formats::deb
