// SPDX-License-Identifier: GPL-3.0-or-later
// The grammar of names and versions (Debian Policy 5.6). Whatever passes can be part of a path and of an
// index line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace repotool::formats::deb {

// [a-z0-9][a-z0-9+.-]+, at most 255 characters; of binary and of source packages.
bool is_package_name(std::string_view text) noexcept;
// [a-z0-9][a-z0-9-]*, at most 64 characters, and not a word that means several architectures ("any") or a
// source.
bool is_architecture(std::string_view text) noexcept;
// [epoch:]upstream[-revision], as `dpkg --validate-version` accepts it without a warning.
bool is_version(std::string_view text) noexcept;
// The name of a file that a .dsc or .changes may list: letters, digits and . + - _ ~ ^ :, the first a letter
// or digit, at most 255 characters.
bool is_file_name(std::string_view text) noexcept;
// `version` without its epoch, as file names have it.
std::string_view without_epoch(std::string_view version) noexcept;

struct SourceReference {
    std::string name;
    std::string version;  // empty: that of the binary package
};

// The value of a Source field: "name" or "name (version)".
std::optional<SourceReference> parse_source(std::string_view value);

}  // namespace repotool::formats::deb
