// SPDX-License-Identifier: GPL-3.0-or-later
// Signs RPM packages. It works in place: always on a private copy that has no other hard link. The signer
// sees digests alone; librpm's header functions write; the result is read back and its signatures checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signing/signer.hpp"

namespace repotool::signing {

class Verifier;

// Signs packages with one key, as often as there are packages.
class PackageSigner {
public:
    explicit PackageSigner(Signer& signer);
    ~PackageSigner();
    PackageSigner(const PackageSigner&) = delete;
    PackageSigner& operator=(const PackageSigner&) = delete;

    // Signs each file in `paths` (private copies), and tells which it changed: a package that carries a valid
    // signature of this key already is left alone; signatures of other keys are replaced. Header-only
    // signature (RSA or EdDSA header tag); packages of rpm before 4.14, whose header does not name the
    // payload's digest, get one over header and payload as well. Header and payload stay the same, byte by
    // byte. No macros, of nobody, are involved.
    // Throws base::Error that names the file: signing, or input for a package whose digests are wrong.
    std::vector<bool> sign(const std::vector<std::string>& paths);

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct PackageVerdict {
    bool good = false;
    bool is_signed = false;
    std::string fingerprint;  // primary key, when good
    std::string reason;       // why not good
    std::string signer{};     // the key that the signature names; may be a subkey
};
// Digests and signature of one .rpm against armored public keys: a signature must be there and good, header
// and payload digests must be right.
PackageVerdict verify_package(const std::string& path, const std::vector<std::string>& public_keys);

// The same for many packages: keys are imported once, when the first package is looked at.
class PackageVerifier {
public:
    explicit PackageVerifier(std::vector<std::string> public_keys);
    ~PackageVerifier();
    PackageVerifier(const PackageVerifier&) = delete;
    PackageVerifier& operator=(const PackageVerifier&) = delete;

    PackageVerdict verify(const std::string& path);

private:
    std::vector<std::string> public_keys_;
    std::unique_ptr<Verifier> verifier_;
};

}  // namespace repotool::signing
