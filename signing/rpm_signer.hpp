// SPDX-License-Identifier: GPL-3.0-or-later
// Signs RPM packages with librpm's signing API. It works in place: always on a private copy that has no other
// hard link. librpm's return code is not trusted: the result is read back and its signature checked.
#pragma once

#include <string>
#include <vector>

#include "signing/signer.hpp"

namespace repotool::signing {

// Signs each file in `paths` (private copies). A package that carries a valid signature of this key already
// is left alone; signatures of other keys are replaced. Header-only signature (RSA or EdDSA header tag);
// packages of rpm before 4.14, whose header does not name the payload's digest, get one over header and
// payload as well. Header and payload stay the same, byte by byte. Uses no macros of the user or the system.
// It forks: call it while no other thread uses librpm. Throws base::Error that names the file: signing, or
// input for a package whose digests are wrong.
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
