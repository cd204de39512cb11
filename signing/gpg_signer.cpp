// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_signer.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "signing/agent_connection.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_policy.hpp"

namespace repotool::signing {
namespace {

// gpg calls a signer unusable and tells the reason apart.
gpgme_error_t cause_of(gpgme_error_t error, gpgme_sign_result_t result) {
    const bool tells_more = result != nullptr && result->invalid_signers != nullptr &&
                            result->invalid_signers->reason != GPG_ERR_NO_ERROR;
    return tells_more ? result->invalid_signers->reason : error;
}

}  // namespace

ExactSigner::ExactSigner(std::string user) : user_(std::move(user)) {
    subkey_.keyid = user_.data();
    key_._refs = 1;  // GPGME's own references come and go above ours, so it never frees this one
    key_.protocol = GPGME_PROTOCOL_OpenPGP;
    key_.fpr = user_.data();
    key_.subkeys = &subkey_;
}

GpgSigner::GpgSigner(const KeyReference& key) : key_(key) {
    choose_signer();
    probe();
    if (const auto fault = fault_of_key(key_.found(), signing_fingerprint_); !fault.empty())
        key_.refuse(fault);
    key_.warn_of_expiry(signing_fingerprint_);
    remember_identity();
}

GpgSigner::~GpgSigner() {
    gpgme_signers_clear(key_.context().get());  // before the ExactSigner goes
}

std::string GpgSigner::clear_sign(std::string_view text) {
    return sign(text, GPGME_SIG_MODE_CLEAR);
}

std::string GpgSigner::detach_sign(std::string_view bytes) {
    return sign(bytes, GPGME_SIG_MODE_DETACH);
}

SignaturePacket GpgSigner::sign_packet(const Content& content) {
    std::call_once(agent_is_found_, [&] { find_agent(); });
    return agent_->sign(SignatureType::binary, content);
}

// gpg has signed the probe with this key, so the agent has it: on this disk, on a card or behind a forwarded
// socket.
void GpgSigner::find_agent() {
    const AgentKey key{key_.reference(), keygrip_};
    const auto open = [key, socket = agent_socket(key_.reference().home)] {
        return std::make_unique<AgentConnection>(key, socket);
    };
    agent_ = std::make_unique<DigestSigners>(identity_, key_.public_key(), open);
}

void GpgSigner::choose_signer() {
    signer_ =
        std::make_unique<ExactSigner>(key_.wanted() == key_.primary() ? key_.wanted() : key_.wanted() + "!");
    gpgme_signers_clear(key_.context().get());
    if (const auto error = gpgme_signers_add(key_.context().get(), signer_->get()); error != GPG_ERR_NO_ERROR)
        key_.refuse(explain(error));
}

void GpgSigner::remember_identity() {
    const gpgme_subkey_t signing = find_subkey(key_.found(), signing_fingerprint_);
    identity_ = {algorithm_of(*signing), signing_fingerprint_};
    keygrip_ = signing->keygrip == nullptr ? "" : signing->keygrip;
}

// gpg takes it for a failure when a forwarded agent refuses to be told not to ask, and does not say which.
void GpgSigner::probe() {
    const GpgData output;
    auto error = attempt("probe", GPGME_SIG_MODE_DETACH, output);
    if (gpgme_err_code(error) == GPG_ERR_GENERAL && key_.context().yield_to_restricted_agent())
        error = attempt("probe", GPGME_SIG_MODE_DETACH, output);
    if (error != GPG_ERR_NO_ERROR) refuse(error);
    check_result();
}

std::string GpgSigner::sign(std::string_view bytes, gpgme_sig_mode_t mode) {
    const GpgData output;
    if (const auto error = attempt(bytes, mode, output); error != GPG_ERR_NO_ERROR) refuse(error);
    check_result();
    return output.text();
}

gpgme_error_t GpgSigner::attempt(std::string_view bytes, gpgme_sig_mode_t mode, const GpgData& output) {
    const GpgData input(bytes);
    const auto error = key_.context().run(
        [&](gpgme_ctx_t context) { return gpgme_op_sign_start(context, input.get(), output.get(), mode); });
    return error == GPG_ERR_NO_ERROR ? error : cause_of(error, gpgme_op_sign_result(key_.context().get()));
}

void GpgSigner::refuse(gpgme_error_t error) {
    key_.refuse(explain(error), hint_for(error, key_.reference().home));
}

// GPGME cannot choose the digest: gpg's own configuration does, so what it chose is looked at.
void GpgSigner::check_result() {
    const auto result = gpgme_op_sign_result(key_.context().get());
    if (result == nullptr || result->signatures == nullptr || result->signatures->next != nullptr)
        key_.refuse("gpg did not make exactly one signature");
    if (const auto fault = fault_of_digest(result->signatures->hash_algo); !fault.empty())
        key_.refuse(fault,
                    fmt::format("remove digest-algo from {}", (key_.reference().home / "gpg.conf").string()));
    const std::string fingerprint = result->signatures->fpr == nullptr ? "" : result->signatures->fpr;
    if (signing_fingerprint_.empty()) signing_fingerprint_ = fingerprint;
    if (fingerprint != signing_fingerprint_ ||
        (key_.wanted() != key_.primary() && fingerprint != key_.wanted()))
        key_.refuse(fmt::format("gpg signed with {} instead", fingerprint));
}

}  // namespace repotool::signing
