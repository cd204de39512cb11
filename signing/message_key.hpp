// SPDX-License-Identifier: GPL-3.0-or-later
// A public key that is no OpenPGP key: what build systems sign statements with (OpenSSL).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace repotool::signing {

class MessageKey {
public:
    // One PEM block "PUBLIC KEY" (RFC 7468 §13): ECDSA on P-256 (with SHA-256) or P-384 (with SHA-384),
    // Ed25519, or RSA of at least 2048 bits (PKCS #1 v1.5 or PSS with SHA-256). `name` is the file's, for
    // messages. Throws base::Error (usage) for anything else.
    MessageKey(std::string_view pem, std::string name);

    // Whether this key made the signature over these bytes.
    bool accepts(std::string_view message, std::string_view signature) const;
    // SHA-256 of the key (its SubjectPublicKeyInfo), hexadecimal.
    const std::string& id() const noexcept { return id_; }
    const std::string& name() const noexcept { return name_; }

private:
    std::shared_ptr<void> key_;  // EVP_PKEY
    std::string name_;
    std::string id_;
};

}  // namespace repotool::signing
