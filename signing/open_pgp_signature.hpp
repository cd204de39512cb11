// SPDX-License-Identifier: GPL-3.0-or-later
// A version 4 signature packet (RFC 4880 §5.2.3, EdDSA as in draft-koch-eddsa-for-openpgp) that is made here,
// so that whoever holds the secret key needs to see nothing but a digest. Private to signing/.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "signing/signer.hpp"

namespace repotool::signing {

// RSA: one; EdDSA and ECDSA: r and s.
std::size_t numbers_in_signature(PublicKeyAlgorithm algorithm);
// RFC 4880 §5.2.1.
enum class SignatureType : std::uint8_t { binary = 0x00, text = 0x01 };

// The key that makes a signature: a primary key or a subkey.
struct SigningIdentity {
    PublicKeyAlgorithm algorithm = PublicKeyAlgorithm::rsa;
    std::string fingerprint;  // 40 hexadecimal digits
};

// One signature to be: what it says of itself, and the digest that is signed (§5.2.4), which covers that too.
class UnsignedSignature {
public:
    // `content` as the type wants it: for a text signature with CR LF line ends and no blanks before them.
    UnsignedSignature(const SigningIdentity& identity, SignatureType type, std::time_t created,
                      const Content& content);

    // SHA-512, 64 bytes.
    const std::string& digest() const noexcept { return digest_; }
    // The binary packet. `numbers`: what the algorithm's signature consists of, big-endian: RSA one number,
    // EdDSA and ECDSA r and s. Throws base::Error (signing) for anything else.
    std::string packet(const std::vector<std::string>& numbers) const;

private:
    PublicKeyAlgorithm algorithm_;
    std::string issuer_;
    std::string hashed_part_;
    std::string digest_;
};

// The bytes that hexadecimal digits stand for; empty where it is anything else.
std::string bytes_of_hexadecimal(std::string_view digits);

}  // namespace repotool::signing
