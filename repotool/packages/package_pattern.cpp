// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/package_pattern.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::publisher {
namespace {

bool fits(const std::string& pattern, const std::string& text) {
    return pattern.empty() || base::matches_glob(pattern, text);
}

// "1:2.0" is a version with an epoch, "2.0:amd64" one with an architecture.
bool is_architecture(const std::string& text) {
    return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
           text.find('.') == std::string::npos && text.find('-') == std::string::npos;
}

}  // namespace

PackagePattern parse_package_pattern(const std::string& text) {
    PackagePattern pattern;
    if (base::is_sha256_hex(text)) {
        pattern.sha256 = text;
        return pattern;
    }
    pattern.name = text;
    const auto equals = pattern.name.find('=');
    if (equals != std::string::npos) {
        pattern.version = pattern.name.substr(equals + 1);
        pattern.name.resize(equals);
    }
    std::string& last = equals == std::string::npos ? pattern.name : pattern.version;
    if (const auto colon = last.rfind(':');
        colon != std::string::npos && is_architecture(last.substr(colon + 1))) {
        pattern.architecture = last.substr(colon + 1);
        last.resize(colon);
    }
    const bool has_empty_part =
        pattern.name.empty() || (equals != std::string::npos && pattern.version.empty());
    if (has_empty_part || base::printable(text) != text)
        throw base::Error(base::ErrorKind::usage, "understand package", text,
                          "expected NAME, NAME=VERSION, NAME=VERSION:ARCHITECTURE or a SHA-256 digest");
    return pattern;
}

bool matches(const PackagePattern& pattern, const store::Record& record) {
    if (!pattern.sha256.empty() && pattern.sha256 != record.sha256 &&
        pattern.sha256 != record.unsigned_sha256)
        return false;
    return fits(pattern.name, record.name) && fits(pattern.version, record.version) &&
           fits(pattern.architecture, record.architecture);
}

bool matches_all(const PackagePattern& pattern) {
    return pattern.name.empty() && pattern.version.empty() && pattern.architecture.empty() &&
           pattern.sha256.empty();
}

std::string to_text(const PackagePattern& pattern) {
    if (!pattern.sha256.empty()) return pattern.sha256;
    return pattern.name + (pattern.version.empty() ? "" : "=" + pattern.version) +
           (pattern.architecture.empty() ? "" : ":" + pattern.architecture);
}

}  // namespace repotool::publisher
