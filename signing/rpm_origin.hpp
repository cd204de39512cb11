// SPDX-License-Identifier: GPL-3.0-or-later
// From a signed package back to the file that it was made of. Signing changes what stands before the main
// header and nothing else: whoever keeps that of the unsigned file can prove later which file it was.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace repotool::signing {

// Lead and signature header with its padding. Throws base::Error (input) for what is no package.
std::string front_of(const std::filesystem::path& path);

// SHA-256 of the package as it would be with this front. Throws likewise.
std::string digest_with_front(const std::filesystem::path& path, std::string_view front);

}  // namespace repotool::signing
