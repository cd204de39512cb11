// SPDX-License-Identifier: GPL-3.0-or-later
// Puts signatures that exist already into packages, with librpm's own header functions: what rpmPkgSign does
// after it has run gpg. rpmPkgSign itself starts a program for each signature, which costs more than
// everything else. Private to signing/.
#pragma once

#include <filesystem>
#include <string>

#include "signing/open_pgp_signature.hpp"
#include "signing/rpm_layout.hpp"

namespace repotool::signing {

// The OpenPGP packets that a package gets.
struct PackageSignatures {
    PublicKeyAlgorithm algorithm = PublicKeyAlgorithm::rsa;
    std::string over_header;
    std::string over_package;  // over header and payload; empty where the header names the payload's digest
};

// Writes them into the file, in place where its signature header has room. Signatures that are there already
// are dropped, and everything else stays. `layout` is that of the file. Several threads may write packages.
// Throws base::Error (signing) that names the file.
void write_signatures(const std::filesystem::path& path, const RpmLayout& layout,
                      const PackageSignatures& signatures);

}  // namespace repotool::signing
