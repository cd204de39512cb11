// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of one public key, for checking what a signer answers before it goes anywhere. Whether the
// key may be used is GPGME's decision, made before. Private to signing/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signing/open_pgp_signature.hpp"

namespace repotool::signing {

class VerifyingKey {
public:
    // `public_key`: an armored certificate; `identity` names the primary key or subkey in it. Throws
    // base::Error (signing) where it is not there, or is of a kind that is not known.
    VerifyingKey(const std::string& public_key, const SigningIdentity& identity);
    ~VerifyingKey();
    VerifyingKey(const VerifyingKey&) = delete;
    VerifyingKey& operator=(const VerifyingKey&) = delete;

    // Whether the numbers are this key's signature over a SHA-512 digest. Several threads may ask.
    bool verifies(std::string_view digest, const std::vector<std::string>& numbers) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::signing
