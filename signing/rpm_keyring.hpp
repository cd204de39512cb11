// SPDX-License-Identifier: GPL-3.0-or-later
// Signatures as librpm sees them, which is as rpm and dnf do: the arithmetic alone, in this process. It knows
// nothing of expired or revoked keys and weak digests: which keys count is GPGME's decision, made before.
// Private to signing/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signing/signer.hpp"

namespace repotool::signing {

class RpmKeyring {
public:
    // `public_key`: one armored key with its subkeys. Throws base::Error (signing) where librpm cannot read
    // it.
    explicit RpmKeyring(const std::string& public_key);
    ~RpmKeyring();
    RpmKeyring(const RpmKeyring&) = delete;
    RpmKeyring& operator=(const RpmKeyring&) = delete;

    // Whether `packet` is a signature of the key over `content`. Several threads may ask.
    bool verifies(const Content& content, std::string_view packet) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::signing
