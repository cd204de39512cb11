// SPDX-License-Identifier: GPL-3.0-or-later
// A message is accepted when at least one signature is good and none is wrong. Signatures of unknown, expired
// or weak keys count for nothing beside a good one: during a key's rotation a client knows only one of two
// signers.
#include "signing/verifier.hpp"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "core/base/error.hpp"
#include "signing/clear_text.hpp"
#include "signing/gpg_context.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_policy.hpp"

namespace repotool::signing {
namespace {

struct Opinion {
    enum class Kind { good, useless, wrong } kind = Kind::useless;
    std::string fingerprint;  // of the primary key
    std::string reason;
    std::string signer;  // the key that the signature names
};

std::string reason_for(const _gpgme_signature& signature) {
    switch (gpgme_err_code(signature.status)) {
        case GPG_ERR_NO_ERROR:
            return {};
        case GPG_ERR_BAD_SIGNATURE:
            return "the signature does not match the content";
        case GPG_ERR_NO_PUBKEY:
            return fmt::format("signed by unknown key {}", signature.fpr == nullptr ? "?" : signature.fpr);
        case GPG_ERR_KEY_EXPIRED:
            return "the key is expired";
        case GPG_ERR_SIG_EXPIRED:
            return "the signature is expired";
        case GPG_ERR_CERT_REVOKED:
            return "the key is revoked";
        case GPG_ERR_DIGEST_ALGO:
            return "the signature's digest is too weak";
        default:
            return explain(signature.status);
    }
}

}  // namespace

struct Verifier::State {
    ThrowAwayDirectory home;
    GpgContext context{home.path()};
    std::map<std::string, KeyHandle>
        signers;  // each lookup starts a gpg, and one key signs hundreds of packages

    State() { write_verifier_configuration(home.path()); }
    void import(const std::string& armored);
    Opinion judge(const _gpgme_signature& signature);
    const _gpgme_key* find_signer(const std::string& fingerprint);
    Verdict conclude();
};

void Verifier::State::import(const std::string& public_key) {
    const GpgData data(public_key);
    const auto error = context.run([&](gpgme_ctx_t gpg) { return gpgme_op_import_start(gpg, data.get()); });
    const auto result = gpgme_op_import_result(context.get());
    if (error == GPG_ERR_NO_ERROR && result != nullptr && result->considered > 0 &&
        result->not_imported == 0 && result->no_user_id == 0)
        return;
    throw base::Error(base::ErrorKind::signing, "import", "public key",
                      error == GPG_ERR_NO_ERROR ? "this is no OpenPGP public key" : explain(error));
}

const _gpgme_key* Verifier::State::find_signer(const std::string& fingerprint) {
    if (fingerprint.empty()) return nullptr;
    auto& cached = signers[fingerprint];
    if (!cached) {
        auto keys = context.find_keys(fingerprint);
        if (keys.size() == 1) cached = std::move(keys.front());
    }
    return cached.get();
}

Opinion Verifier::State::judge(const _gpgme_signature& signature) {
    Opinion opinion;
    opinion.signer = signature.fpr == nullptr ? "" : signature.fpr;
    opinion.reason = reason_for(signature);
    if (gpgme_err_code(signature.status) == GPG_ERR_BAD_SIGNATURE) opinion.kind = Opinion::Kind::wrong;
    if (opinion.reason.empty()) opinion.reason = fault_of_digest(signature.hash_algo);
    if (!opinion.reason.empty()) return opinion;
    const _gpgme_key* key = find_signer(opinion.signer);
    opinion.reason = key == nullptr ? "the signer's key is not there" : fault_of_key(*key, opinion.signer);
    if (!opinion.reason.empty()) return opinion;
    opinion.kind = Opinion::Kind::good;
    opinion.fingerprint = key->fpr;
    return opinion;
}

Verdict Verifier::State::conclude() {
    Verdict verdict;
    verdict.reason = "there is no signature";
    const auto result = gpgme_op_verify_result(context.get());
    if (result == nullptr) return verdict;
    // Copied, because looking up a key replaces the context's result.
    gpgme_result_ref(result);
    std::vector<Opinion> opinions;
    for (auto* signature = result->signatures; signature != nullptr; signature = signature->next)
        opinions.push_back(judge(*signature));
    gpgme_result_unref(result);
    for (const Opinion& opinion : opinions) {
        if (opinion.kind == Opinion::Kind::wrong) return Verdict{false, {}, opinion.reason, opinion.signer};
        if (verdict.good) continue;
        verdict = {opinion.kind == Opinion::Kind::good, opinion.fingerprint, opinion.reason, opinion.signer};
    }
    return verdict;
}

Verifier::Verifier(const std::vector<std::string>& public_keys) : state_(std::make_unique<State>()) {
    for (const std::string& key : public_keys) state_->import(key);
}

Verifier::~Verifier() = default;

std::vector<std::string> Verifier::fingerprints() {
    std::vector<std::string> found;
    for (const auto& key : state_->context.find_keys("")) {
        if (key->fpr != nullptr) found.emplace_back(key->fpr);
    }
    return found;
}

std::int64_t Verifier::expires(const std::string& fingerprint) {
    const _gpgme_key* key = state_->find_signer(fingerprint);
    return key == nullptr || key->subkeys == nullptr ? 0 : key->subkeys->expires;
}

Verdict Verifier::check_detached(std::string_view bytes, std::string_view signature) {
    const GpgData signature_data(signature);
    const GpgData signed_data(bytes);
    const auto error = state_->context.run([&](gpgme_ctx_t gpg) {
        return gpgme_op_verify_start(gpg, signature_data.get(), signed_data.get(), nullptr);
    });
    if (error != GPG_ERR_NO_ERROR)
        return {
            false, {}, gpgme_err_code(error) == GPG_ERR_NO_DATA ? "there is no signature" : explain(error)};
    return state_->conclude();
}

Verdict Verifier::check_clear_signed(std::string_view message, std::string& text) {
    text.clear();
    if (const auto fault = fault_of_clear_signed_frame(message); !fault.empty()) return {false, {}, fault};
    const GpgData message_data(message);
    const GpgData plain;
    const auto error = state_->context.run([&](gpgme_ctx_t gpg) {
        return gpgme_op_verify_start(gpg, message_data.get(), nullptr, plain.get());
    });
    if (error != GPG_ERR_NO_ERROR) return {false, {}, explain(error)};
    Verdict verdict = state_->conclude();
    if (verdict.good) text = without_trailing_blanks(plain.text());
    return verdict;
}

}  // namespace repotool::signing
