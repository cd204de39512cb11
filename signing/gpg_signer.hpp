// SPDX-License-Identifier: GPL-3.0-or-later
// The Signer that GPGME and a GnuPG home provide: one key, opened and proved to be able to sign.
// Private to signing/: others use open_signer().
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "signing/digest_signer.hpp"
#include "signing/home_key.hpp"
#include "signing/open_pgp_signature.hpp"
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
    // As open_signer.
    explicit GpgSigner(const KeyReference& key);
    ~GpgSigner() override;
    GpgSigner(const GpgSigner&) = delete;
    GpgSigner& operator=(const GpgSigner&) = delete;

    std::string clear_sign(std::string_view text) override;
    std::string detach_sign(std::string_view bytes) override;
    SignaturePacket sign_packet(const Content& content) override;
    const KeyReference& key() const override { return key_.reference(); }
    std::string public_key() override { return key_.public_key(); }

private:
    void choose_signer();
    void remember_identity();
    void find_agent();
    void probe();
    std::string sign(std::string_view bytes, gpgme_sig_mode_t mode);
    gpgme_error_t attempt(std::string_view bytes, gpgme_sig_mode_t mode, const GpgData& output);
    [[noreturn]] void refuse(gpgme_error_t error);
    void check_result();

    HomeKey key_;
    std::string signing_fingerprint_;  // of the primary key or subkey that makes the signatures
    SigningIdentity identity_;         // the same
    std::string keygrip_;
    std::unique_ptr<ExactSigner> signer_;
    std::once_flag agent_is_found_;
    std::unique_ptr<DigestSigners> agent_;
};

}  // namespace repotool::signing
