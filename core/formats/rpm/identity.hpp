// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a package's header that become file names and keys, checked as strictly as that deserves.
#pragma once

#include <string>
#include <string_view>

#include "core/formats/model.hpp"
#include "core/formats/rpm/package_facts.hpp"

namespace repotool::formats::rpm {

// Whether rpm's own tools could have built a package of that name or version: letters, digits and `._+-`, for
// versions and releases `._+~^`, for architectures `_`.
bool is_safe_name(std::string_view text) noexcept;
bool is_safe_version(std::string_view text) noexcept;
bool is_safe_architecture(std::string_view text) noexcept;

// Whether a binary package of this name holds debug symbols or sources for debuggers, as rpm's own build
// scripts name them: foo-debuginfo, foo-debugsource, kernel-debuginfo-common-x86_64.
bool is_debug_package(std::string_view name) noexcept;

// Throws base::Error (input) for a name, version, release, architecture or source package that is not safe.
void check_identity(const PackageFacts& facts, const std::string& shown_as);

// Fills the fields of `package` that name it: everything but its size, digests and texts.
void fill_identity(const HeaderReader& header, const PackageFacts& facts, const std::string& shown_as,
                   Package& package);

}  // namespace repotool::formats::rpm
