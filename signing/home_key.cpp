// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/home_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/external.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_policy.hpp"

namespace repotool::signing {
namespace {

constexpr long kExpiryWarningDays = 30;
constexpr long kSecondsPerDay = 86400;

std::string whole_fingerprint(const KeyReference& key) {
    std::string digits = normalised_fingerprint(key.fingerprint);
    const bool is_hexadecimal = std::all_of(digits.begin(), digits.end(), [](char digit) {
        return std::isxdigit(static_cast<unsigned char>(digit)) != 0;
    });
    if (digits.size() != 40 || !is_hexadecimal)
        throw key_error(key,
                        fmt::format("'{}' is not a fingerprint of 40 hexadecimal digits", key.fingerprint),
                        "short key ids can be forged; gpg --fingerprint shows the whole");
    return digits;
}

const std::filesystem::path& usable_home(const KeyReference& key) {
    try {
        require_usable_home(key.home);
        return key.home;
    } catch (const base::Error& error) {
        throw key_error(key, error.reason(), error.hint());
    }
}

// Read once and at once: a pipe gives it only once, and a wrong path shows although the agent may know the
// passphrase.
KeyReference with_passphrase(KeyReference key) {
    if (key.passphrase || key.passphrase_file.empty()) return key;
    key.passphrase = fs::read_first_line(key.passphrase_file.string());
    if (key.passphrase) return key;
    throw key_error(
        key, fmt::format("the passphrase file {} cannot be read or is empty", key.passphrase_file.string()),
        "name a file whose first line is the passphrase");
}

}  // namespace

std::string normalised_fingerprint(const std::string& fingerprint) {
    std::string digits;
    for (const char character : fingerprint)
        if (character != ' ')
            digits += static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
    if (!digits.empty() && digits.back() == '!') digits.pop_back();
    return digits;
}

HomeKey::HomeKey(const KeyReference& reference)
    : reference_(with_passphrase(reference)),
      wanted_(whole_fingerprint(reference)),
      context_(usable_home(reference), reference_.passphrase),
      found_(find()) {
    refuse_faults();
}

void HomeKey::refuse(const std::string& reason, const std::string& hint) const {
    throw key_error(reference_, reason, hint);
}

KeyHandle HomeKey::find() {
    auto keys = context_.find_keys(wanted_);
    if (keys.size() == 1) return std::move(keys.front());
    refuse(fmt::format("there is no key {}", wanted_),
           hint_for(gpgme_error(GPG_ERR_NO_SECKEY), reference_.home));
}

// What the public key tells, since gpg would only say "unusable". A primary key may leave signing to a
// subkey.
void HomeKey::refuse_faults() const {
    const std::string fault = fault_of_key(*found_, wanted_);
    if (fault.empty()) return;
    if (wanted_ == primary())
        for (gpgme_subkey_t subkey = found_->subkeys; subkey != nullptr; subkey = subkey->next)
            if (fault_of_key(*found_, subkey->fpr).empty()) return;
    refuse(fault, "renew the key, or name another one in the configuration");
}

void HomeKey::warn_of_expiry(const std::string& signing_fingerprint) const {
    const gpgme_subkey_t signing = find_subkey(*found_, signing_fingerprint);
    long expires = found_->subkeys->expires;  // the primary key is the first; zero means never
    if (signing->expires != 0 && (expires == 0 || signing->expires < expires)) expires = signing->expires;
    if (expires == 0) return;
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    const long days = (expires - now) / kSecondsPerDay;
    if (days < kExpiryWarningDays)
        base::warn(fmt::format("key '{}' expires in {} days; renew it and give clients the new one",
                               display_name(reference_), days));
}

const std::string& HomeKey::public_key() {
    if (!public_key_.empty()) return public_key_;
    const GpgData output;
    const auto error = context_.run([&](gpgme_ctx_t context) {
        return gpgme_op_export_start(context, found_->fpr, GPGME_EXPORT_MODE_MINIMAL, output.get());
    });
    if (error == GPG_ERR_NO_ERROR) public_key_ = output.text();
    if (public_key_.empty()) refuse("its public key cannot be exported: " + explain(error));
    return public_key_;
}

}  // namespace repotool::signing
