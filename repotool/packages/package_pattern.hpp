// SPDX-License-Identifier: GPL-3.0-or-later
// How people and requests name packages of a repository.
#pragma once

#include <string>

#include "core/store/record.hpp"

namespace repotool::publisher {

// `name`, `version` and `architecture` are shell patterns; an empty one matches all.
struct PackagePattern {
    std::string name;
    std::string version;
    std::string architecture;
    std::string dist;       // exactly; empty: any
    std::string component;  // likewise
    std::string sha256;     // of the published or the unsigned file; empty: any
};

// NAME[=VERSION][:ARCHITECTURE], or 64 hexadecimal digits. A version may hold colons: what follows the last
// one is an architecture only where it is no part of the version (an epoch is digits before the first colon).
// Throws base::Error (usage).
PackagePattern parse_package_pattern(const std::string& text);

// All but dist and component, which a record does not have.
bool matches(const PackagePattern& pattern, const store::Record& record);
// True where only dist and component limit it.
bool matches_all(const PackagePattern& pattern);
// As it was written: what parse_package_pattern() reads.
std::string to_text(const PackagePattern& pattern);

}  // namespace repotool::publisher
