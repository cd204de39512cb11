// SPDX-License-Identifier: GPL-3.0-or-later
// A configured key as the public keys of its GnuPG home know it: found, and not one that clients would
// refuse. Private to signing/.
#pragma once

#include <memory>
#include <string>

#include "signing/gpg_context.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {

class HomeKey {
public:
    // Throws base::Error (signing) where the home cannot be used, the key is not there, or neither it nor a
    // subkey of it may sign.
    explicit HomeKey(const KeyReference& reference);

    const KeyReference& reference() const noexcept { return reference_; }
    GpgContext& context() noexcept { return context_; }
    const _gpgme_key& found() const noexcept { return *found_; }
    // As configured: the fingerprint of a primary key or a subkey.
    const std::string& wanted() const noexcept { return wanted_; }
    std::string primary() const { return found_->fpr; }

    // The armored public key; gpg is asked once.
    const std::string& public_key();
    // Says so (base::warn) where the key, or the subkey that signs, expires within 30 days.
    void warn_of_expiry(const std::string& signing_fingerprint) const;
    [[noreturn]] void refuse(const std::string& reason, const std::string& hint = {}) const;

private:
    KeyHandle find();
    void refuse_faults() const;

    KeyReference reference_;
    std::string wanted_;
    GpgContext context_;
    KeyHandle found_;
    std::string public_key_;
};

}  // namespace repotool::signing
