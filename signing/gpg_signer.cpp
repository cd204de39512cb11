// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_signer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "signing/agent_connection.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_policy.hpp"

namespace repotool::signing {
namespace {

constexpr long kExpiryWarningDays = 30;
constexpr long kSecondsPerDay = 86400;

[[noreturn]] void refuse(const KeyReference& key, const std::string& reason, const std::string& hint = {}) {
    throw base::Error(base::ErrorKind::signing, "sign with key", display_name(key), reason, hint);
}

// The fingerprint in GnuPG's spelling: upper case, without the blanks that people copy along.
std::string normalised_fingerprint(const KeyReference& key) {
    std::string digits;
    for (const char character : key.fingerprint)
        if (character != ' ')
            digits += static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
    if (!digits.empty() && digits.back() == '!') digits.pop_back();
    const bool is_hexadecimal = std::all_of(digits.begin(), digits.end(), [](char digit) {
        return std::isxdigit(static_cast<unsigned char>(digit)) != 0;
    });
    if (digits.size() != 40 || !is_hexadecimal)
        refuse(key, fmt::format("'{}' is not a fingerprint of 40 hexadecimal digits", key.fingerprint),
               "short key ids can be forged; gpg --fingerprint shows the whole");
    return digits;
}

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

GpgSigner::GpgSigner(const KeyReference& key) : key_(key), wanted_(normalised_fingerprint(key)) {
    require_usable_home(key_.home);
    context_ = std::make_unique<GpgContext>(key_.home, key_.passphrase_file);
    const KeyHandle found = find_public_key();
    primary_ = found->fpr;
    refuse_faults_before_signing(*found);
    choose_signer();
    sign("probe", GPGME_SIG_MODE_DETACH);
    if (const auto fault = fault_of_key(*found, signing_fingerprint_); !fault.empty()) refuse(key_, fault);
    warn_of_expiry(*found);
    remember_identity(*found);
}

GpgSigner::~GpgSigner() {
    gpgme_signers_clear(context_->get());  // before the ExactSigner goes
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
    const AgentKey key{display_name(key_), keygrip_, key_.home, key_.passphrase_file};
    const auto open = [key, socket = agent_socket(key_.home)] {
        return std::make_unique<AgentConnection>(key, socket);
    };
    agent_ = std::make_unique<DigestSigners>(identity_, public_key(), open);
}

KeyHandle GpgSigner::find_public_key() {
    auto keys = context_->find_keys(wanted_);
    if (keys.size() == 1) return std::move(keys.front());
    refuse(key_, fmt::format("{} has no key {}", key_.home.string(), wanted_),
           hint_for(gpgme_error(GPG_ERR_NO_SECKEY), key_.home));
}

// What the public key tells, since gpg would only say "unusable". A primary key may leave signing to a
// subkey.
void GpgSigner::refuse_faults_before_signing(const _gpgme_key& found) const {
    const std::string fault = fault_of_key(found, wanted_);
    if (fault.empty()) return;
    if (wanted_ == primary_)
        for (gpgme_subkey_t subkey = found.subkeys; subkey != nullptr; subkey = subkey->next)
            if (fault_of_key(found, subkey->fpr).empty()) return;
    refuse(key_, fault, "renew the key, or name another one in the configuration");
}

void GpgSigner::choose_signer() {
    signer_ = std::make_unique<ExactSigner>(wanted_ == primary_ ? wanted_ : wanted_ + "!");
    gpgme_signers_clear(context_->get());
    if (const auto error = gpgme_signers_add(context_->get(), signer_->get()); error != GPG_ERR_NO_ERROR)
        refuse(key_, explain(error));
}

void GpgSigner::warn_of_expiry(const _gpgme_key& found) const {
    const gpgme_subkey_t signing = find_subkey(found, signing_fingerprint_);
    long expires = found.subkeys->expires;  // the primary key is the first; zero means never
    if (signing->expires != 0 && (expires == 0 || signing->expires < expires)) expires = signing->expires;
    if (expires == 0) return;
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    const long days = (expires - now) / kSecondsPerDay;
    if (days < kExpiryWarningDays)
        base::warn(fmt::format("key '{}' expires in {} days; renew it and give clients the new one",
                               display_name(key_), days));
}

void GpgSigner::remember_identity(const _gpgme_key& found) {
    const gpgme_subkey_t signing = find_subkey(found, signing_fingerprint_);
    identity_ = {algorithm_of(*signing), signing_fingerprint_};
    keygrip_ = signing->keygrip == nullptr ? "" : signing->keygrip;
}

std::string GpgSigner::sign(std::string_view bytes, gpgme_sig_mode_t mode) {
    const GpgData input(bytes);
    const GpgData output;
    const auto error = context_->run(
        [&](gpgme_ctx_t context) { return gpgme_op_sign_start(context, input.get(), output.get(), mode); });
    if (error != GPG_ERR_NO_ERROR) {
        const auto cause = cause_of(error, gpgme_op_sign_result(context_->get()));
        refuse(key_, explain(cause), hint_for(cause, key_.home));
    }
    check_result();
    return output.text();
}

// GPGME cannot choose the digest: gpg's own configuration does, so what it chose is looked at.
void GpgSigner::check_result() {
    const auto result = gpgme_op_sign_result(context_->get());
    if (result == nullptr || result->signatures == nullptr || result->signatures->next != nullptr)
        refuse(key_, "gpg did not make exactly one signature");
    if (const auto fault = fault_of_digest(result->signatures->hash_algo); !fault.empty())
        refuse(key_, fault, fmt::format("remove digest-algo from {}", (key_.home / "gpg.conf").string()));
    const std::string fingerprint = result->signatures->fpr == nullptr ? "" : result->signatures->fpr;
    if (signing_fingerprint_.empty()) signing_fingerprint_ = fingerprint;
    if (fingerprint != signing_fingerprint_ || (wanted_ != primary_ && fingerprint != wanted_))
        refuse(key_, fmt::format("gpg signed with {} instead", fingerprint));
}

std::string GpgSigner::public_key() {
    if (!public_key_.empty()) return public_key_;
    const GpgData output;
    const auto error = context_->run([&](gpgme_ctx_t context) {
        return gpgme_op_export_start(context, primary_.c_str(), GPGME_EXPORT_MODE_MINIMAL, output.get());
    });
    if (error == GPG_ERR_NO_ERROR) public_key_ = output.text();
    if (public_key_.empty()) refuse(key_, "its public key cannot be exported: " + explain(error));
    return public_key_;
}

std::unique_ptr<Signer> open_gpg_signer(const KeyReference& key) {
    return std::make_unique<GpgSigner>(key);
}

}  // namespace repotool::signing
