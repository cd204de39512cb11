// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/release_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::formats::deb {
namespace {

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::usage, "write", "Release", std::move(reason));
}

// A value goes on one line: a line break in it could forge any other field.
const std::string& one_line(const char* field, const std::string& value) {
    const bool is_clean = std::all_of(value.begin(), value.end(), [](char character) {
        const auto code = static_cast<unsigned char>(character);
        return code >= 0x20 && code != 0x7f;
    });
    if (!is_clean) {
        refuse(fmt::format("control characters in {}", field));
    }
    return value;
}

const std::string& one_word(const char* field, const std::string& value) {
    if (value.empty() || value.find(' ') != std::string::npos) {
        refuse(fmt::format("{} has '{}', expected one word", field, value));
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

bool is_hex(std::string_view text, std::size_t length) {
    return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// apt refuses the whole Release for a value that it cannot read; `!` demands this very (sub)key.
void append_signers(std::string& text, const std::vector<std::string>& fingerprints) {
    for (const std::string& fingerprint : fingerprints) {
        const std::string_view digits(fingerprint.data(),
                                      fingerprint.size() - (fingerprint.ends_with('!') ? 1 : 0));
        const bool is_fingerprint =
            digits.size() >= 40 &&
            digits.find_first_not_of("0123456789ABCDEFabcdef") == std::string_view::npos;
        if (!is_fingerprint)
            refuse(fmt::format("'{}' in Signed-By is not the fingerprint of a key", fingerprint));
    }
    append_field(text, "Signed-By", base::join(fingerprints, " "));
}

void append_section(std::string& text, const char* name, const std::vector<ReleaseFile>& files,
                    std::string ReleaseFile::*digest, std::size_t length) {
    text += fmt::format("{}:\n", name);
    for (const ReleaseFile& file : files) {
        if (!is_hex(file.*digest, length))
            refuse(fmt::format("'{}' is not the {} of '{}'", file.*digest, name, file.path));
        text += fmt::format(" {} {:>10} {}\n", file.*digest, file.size, one_word(name, file.path));
    }
}

void append_files(std::string& text, std::vector<ReleaseFile> files) {
    std::sort(files.begin(), files.end(),
              [](const ReleaseFile& left, const ReleaseFile& right) { return left.path < right.path; });
    const auto twice =
        std::adjacent_find(files.begin(), files.end(),
                           [](const auto& left, const auto& right) { return left.path == right.path; });
    if (twice != files.end()) refuse(fmt::format("two files '{}'", twice->path));
    append_section(text, "SHA256", files, &ReleaseFile::sha256, 64);
    // apt wants each file in each section that it finds.
    const bool has_sha512 =
        std::any_of(files.begin(), files.end(), [](const auto& file) { return !file.sha512.empty(); });
    if (has_sha512) append_section(text, "SHA512", files, &ReleaseFile::sha512, 128);
}

}  // namespace

std::string render_release(const Release& release) {
    std::string text;
    append_field(text, "Origin", release.origin);
    append_field(text, "Label", release.label);
    append_field(text, "Suite", release.suite);
    append_field(text, "Version", release.version);
    append_field(text, "Codename", release.codename);
    append_field(text, "Changelogs", release.changelogs);
    append_field(text, "Snapshots", release.snapshots);
    append_field(text, "Date", base::rfc1123(release.date));
    if (release.valid_until != 0) append_field(text, "Valid-Until", base::rfc1123(release.valid_until));
    if (release.not_automatic) append_field(text, "NotAutomatic", "yes");
    if (release.but_automatic_upgrades) append_field(text, "ButAutomaticUpgrades", "yes");
    append_signers(text, release.signed_by);
    append_words(text, "Architectures", release.architectures);
    append_words(text, "Components", release.components);
    append_field(text, "Description", release.description);
    append_files(text, release.files);
    // Last, because debootstrap overlooks a file that is listed in the last line of an InRelease (1.0.128,
    // split_inline_sig drops the line feed that its loop needs).
    append_field(text, "Acquire-By-Hash", "yes");
    return text;
}

}  // namespace repotool::formats::deb
