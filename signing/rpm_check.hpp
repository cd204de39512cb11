// SPDX-License-Identifier: GPL-3.0-or-later
// Digests and signatures of one package against keys that are already imported; private to signing/.
#pragma once

#include <filesystem>

#include "signing/rpm_layout.hpp"
#include "signing/rpm_signer.hpp"
#include "signing/verifier.hpp"

namespace repotool::signing {

// The first digest or size of the package that is wrong, in words; empty when all that are there are right.
std::string fault_of_digests(const std::filesystem::path& path, const RpmLayout& layout);

// As verify_package, for many packages with one Verifier.
PackageVerdict check_package(const std::filesystem::path& path, const RpmLayout& layout, Verifier& verifier);

// SHA-256 over header and payload: what signing must never change.
std::string content_digest(const std::filesystem::path& path, const RpmLayout& layout);

}  // namespace repotool::signing
