// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/digest_signer.hpp"

#include <ctime>
#include <mutex>

#include "core/base/error.hpp"
#include "signing/open_pgp_key.hpp"

namespace repotool::signing {

struct DigestSigners::State {
    State(const SigningIdentity& used_identity, const std::string& public_key,
          std::function<std::unique_ptr<DigestSigner>()> opener)
        : identity(used_identity), key(public_key, used_identity), open(std::move(opener)) {}

    // A signer that no thread uses at the moment.
    std::unique_ptr<DigestSigner> take() {
        {
            const std::lock_guard lock(mutex);
            if (!idle.empty()) {
                auto signer = std::move(idle.back());
                idle.pop_back();
                return signer;
            }
        }
        return open();
    }

    // A signer that failed is not given back: its connection may be in the middle of an answer.
    std::vector<std::string> sign(std::string_view digest) {
        auto signer = take();
        auto numbers = signer->sign(digest);
        const std::lock_guard lock(mutex);
        idle.push_back(std::move(signer));
        return numbers;
    }

    SigningIdentity identity;
    VerifyingKey key;
    std::function<std::unique_ptr<DigestSigner>()> open;
    std::mutex mutex;
    std::vector<std::unique_ptr<DigestSigner>> idle;
};

DigestSigners::DigestSigners(const SigningIdentity& identity, const std::string& public_key,
                             std::function<std::unique_ptr<DigestSigner>()> open)
    : state_(std::make_unique<State>(identity, public_key, std::move(open))) {}

DigestSigners::~DigestSigners() = default;

SignaturePacket DigestSigners::sign(SignatureType type, const Content& content) {
    const UnsignedSignature signature(state_->identity, type, std::time(nullptr), content);
    const auto numbers = state_->sign(signature.digest());
    if (state_->key.verifies(signature.digest(), numbers))
        return {state_->identity.algorithm, signature.packet(numbers)};
    throw base::Error(base::ErrorKind::signing, "sign with key", state_->identity.fingerprint,
                      "the signature that came back is not one of this key",
                      "the fingerprint, or the signer that is configured for it, is another key's");
}

}  // namespace repotool::signing
