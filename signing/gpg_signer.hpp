// SPDX-License-Identifier: GPL-3.0-or-later
// The Signer that GPGME and a GnuPG home provide: one key, opened and proved to be able to sign.
// Private to signing/: others use open_gpg_signer().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "signing/gpg_context.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {

// GPGME 1.18 hands the first subkey's keyid to gpg's -u and has no call for "exactly this subkey" (a trailing
// '!'), so gpg would take the newest signing subkey. A key object of our own says what we mean.
class ExactSigner {
public:
    explicit ExactSigner(std::string user);
    ExactSigner(const ExactSigner&) = delete;
    ExactSigner& operator=(const ExactSigner&) = delete;
    gpgme_key_t get() noexcept { return &key_; }

private:
    std::string user_;
    _gpgme_subkey subkey_{};
    _gpgme_key key_{};
};

class GpgSigner : public Signer {
public:
    // As open_gpg_signer.
    explicit GpgSigner(const KeyReference& key);
    ~GpgSigner() override;
    GpgSigner(const GpgSigner&) = delete;
    GpgSigner& operator=(const GpgSigner&) = delete;

    std::string clear_sign(std::string_view text) override;
    std::string detach_sign(std::string_view bytes) override;
    const KeyReference& key() const override { return key_; }
    std::string public_key() override;

    // Of the primary key or subkey that makes the signatures.
    const std::string& signing_fingerprint() const noexcept { return signing_fingerprint_; }
    std::string gpg_program() const { return context_->engine_program(); }

private:
    KeyHandle find_public_key();
    void refuse_faults_before_signing(const _gpgme_key& found) const;
    void choose_signer();
    void warn_of_expiry(const _gpgme_key& found) const;
    std::string sign(std::string_view bytes, gpgme_sig_mode_t mode);
    void check_result();

    KeyReference key_;
    std::string wanted_;  // as configured: a primary key or a subkey
    std::string primary_;
    std::string signing_fingerprint_;
    std::unique_ptr<GpgContext> context_;
    std::unique_ptr<ExactSigner> signer_;
};

}  // namespace repotool::signing
