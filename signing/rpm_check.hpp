// SPDX-License-Identifier: GPL-3.0-or-later
// Digests and signatures of one package against keys that are already imported; private to signing/.
#pragma once

#include <filesystem>

#include "signing/rpm_layout.hpp"
#include "signing/rpm_signer.hpp"
#include "signing/verifier.hpp"

namespace repotool::signing {

// What a package is, in digests of one pass over its bytes.
struct RpmDigests {
    std::uint64_t size = 0;  // of header and payload
    std::string header_sha1;
    std::string header_sha256;
    std::string package_md5;
    std::string package_sha256;  // over header and payload: what signing must never change
    std::string payload;         // with the algorithm that the header names
};
RpmDigests digests_of(const std::filesystem::path& path, const RpmLayout& layout);

// The first digest or size in the package that differs from these, in words; empty when all that are there
// are right.
std::string fault_of_digests(const RpmLayout& layout, const RpmDigests& digests);

// What signatures over the header, and over header and payload, cover. Both refer to `layout`.
Content header_content(const RpmLayout& layout);
Content package_content(const std::filesystem::path& path, const RpmLayout& layout);

// As verify_package, for many packages with one Verifier.
PackageVerdict check_package(const std::filesystem::path& path, const RpmLayout& layout, Verifier& verifier);

}  // namespace repotool::signing
