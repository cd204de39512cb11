// SPDX-License-Identifier: GPL-3.0-or-later
// Checks signatures with public keys only, as a client would, in a throw-away GNUPGHOME.
// GPGME decides: expired, revoked and weak keys or digests are refused although rpm 4.18 accepts them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing {

struct Verdict {
    bool good = false;
    std::string fingerprint;  // primary key of the signature that was accepted
    std::string reason;       // why not, when not good
    std::string signer{};     // the key that the deciding signature names; empty where there is none
};

class Verifier {
public:
    // `public_keys`: armored or binary keys. Throws base::Error (signing) when one cannot be imported.
    explicit Verifier(const std::vector<std::string>& public_keys);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    // Primary keys, in the order of the keyring.
    std::vector<std::string> fingerprints();
    // When a primary key expires, in Unix seconds; 0: never, or it is not there.
    std::int64_t expires(const std::string& fingerprint);
    Verdict check_detached(std::string_view bytes, std::string_view signature);
    // `text` gets the bytes that the signature covers; anything outside the one signed message is refused.
    Verdict check_clear_signed(std::string_view message, std::string& text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::signing
