// SPDX-License-Identifier: GPL-3.0-or-later
// Signs RPM packages with librpm's signing API. It works in place: always on a private copy that has no other
// hard link. librpm's return code is not trusted: the result is read back and its signature checked.
#pragma once

#include <string>
#include <vector>

#include "signing/signer.hpp"

namespace repotool::signing {

// Signs each file in `paths` (private copies). A package that carries a valid signature of this key already
// is left alone. Header-only signature (RSA or EdDSA header tag). Uses no macros of the user. Throws
// base::Error (signing) that names the file.
void sign_packages(const std::vector<std::string>& paths, const KeyReference& key);

struct PackageVerdict {
    bool good = false;
    bool is_signed = false;
    std::string fingerprint;  // primary key, when good
    std::string reason;       // why not good
};
// Digests and signature of one .rpm against armored public keys: a signature must be there and good, header
// and payload digests must be right.
PackageVerdict verify_package(const std::string& path, const std::vector<std::string>& public_keys);

}  // namespace repotool::signing
