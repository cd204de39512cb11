// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/release_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::formats::deb {
namespace {

// A value goes on one line: a line break in it could forge any other field.
const std::string& one_line(const char* field, const std::string& value) {
    const bool is_clean = std::all_of(value.begin(), value.end(), [](char character) {
        const auto code = static_cast<unsigned char>(character);
        return code >= 0x20 && code != 0x7f;
    });
    if (!is_clean) {
        throw base::Error(base::ErrorKind::usage, "write", "Release",
                          fmt::format("control characters in {}", field));
    }
    return value;
}

const std::string& one_word(const char* field, const std::string& value) {
    if (value.empty() || value.find(' ') != std::string::npos) {
        throw base::Error(base::ErrorKind::usage, "write", "Release",
                          fmt::format("{} has '{}', expected one word", field, value));
    }
    return one_line(field, value);
}

void append_field(std::string& text, const char* field, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}: {}\n", field, one_line(field, value));
}

void append_words(std::string& text, const char* field, std::vector<std::string> words) {
    for (const std::string& word : words) one_word(field, word);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    append_field(text, field, base::join(words, " "));
}

void append_files(std::string& text, std::vector<ReleaseFile> files) {
    std::sort(files.begin(), files.end(),
              [](const ReleaseFile& left, const ReleaseFile& right) { return left.path < right.path; });
    const auto twice =
        std::adjacent_find(files.begin(), files.end(),
                           [](const auto& left, const auto& right) { return left.path == right.path; });
    if (twice != files.end()) {
        throw base::Error(base::ErrorKind::usage, "write", "Release",
                          fmt::format("two files '{}'", twice->path));
    }
    text += "SHA256:\n";
    for (const ReleaseFile& file : files) {
        if (!base::is_sha256_hex(file.sha256)) {
            throw base::Error(base::ErrorKind::usage, "write", "Release",
                              fmt::format("'{}' is not the SHA-256 of '{}'", file.sha256, file.path));
        }
        text += fmt::format(" {} {:>10} {}\n", file.sha256, file.size, one_word("SHA256", file.path));
    }
}

}  // namespace

std::string render_release(const Release& release) {
    std::string text;
    append_field(text, "Origin", release.origin);
    append_field(text, "Label", release.label);
    append_field(text, "Suite", release.suite);
    append_field(text, "Codename", release.codename);
    append_field(text, "Date", base::rfc1123(release.date));
    append_field(text, "Acquire-By-Hash", "yes");
    append_words(text, "Architectures", release.architectures);
    append_words(text, "Components", release.components);
    append_field(text, "Description", release.description);
    append_files(text, release.files);
    return text;
}

}  // namespace repotool::formats::deb
