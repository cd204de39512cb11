// SPDX-License-Identifier: GPL-3.0-or-later
// Whoever holds a secret key and signs digests with it. Private to signing/.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signing/open_pgp_signature.hpp"

namespace repotool::signing {

class DigestSigner {
public:
    virtual ~DigestSigner() = default;
    // The numbers of a signature (UnsignedSignature::packet) over a SHA-512 digest. Throws base::Error
    // (signing).
    virtual std::vector<std::string> sign(std::string_view digest) = 0;
};

// A key that signs digests, many at a time.
class DigestSigners {
public:
    // `open` provides signers, one for each thread. `public_key`: the armored certificate.
    DigestSigners(const SigningIdentity& identity, const std::string& public_key,
                  std::function<std::unique_ptr<DigestSigner>()> open);
    ~DigestSigners();
    DigestSigners(const DigestSigners&) = delete;
    DigestSigners& operator=(const DigestSigners&) = delete;

    // A signature packet over `content`, verified with the public key: what a signer answers is not taken on
    // trust. Several threads may ask. Throws base::Error (signing).
    SignaturePacket sign(SignatureType type, const Content& content);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::signing
