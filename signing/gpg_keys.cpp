// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "signing/gpg_context.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_policy.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {
namespace {

// The subkey that gpg would sign with: the newest usable one. Null when there is none.
gpgme_subkey_t best_signing_subkey(const _gpgme_key& key) {
    gpgme_subkey_t best = nullptr;
    for (gpgme_subkey_t subkey = key.subkeys; subkey != nullptr; subkey = subkey->next)
        if (subkey->secret != 0 && fault_of_key(key, subkey->fpr).empty() &&
            (best == nullptr || subkey->timestamp >= best->timestamp))
            best = subkey;
    return best;
}

// `missing`: what to say where GnuPG does not find the secret part.
KeyDescription describe(const _gpgme_key& key, const char* missing) {
    const gpgme_subkey_t signing = best_signing_subkey(key);
    const gpgme_subkey_t shown = signing == nullptr ? key.subkeys : signing;
    KeyDescription description;
    description.fingerprint = key.fpr;
    if (key.uids != nullptr && key.uids->uid != nullptr) description.user_id = key.uids->uid;
    description.algorithm = algorithm_name(shown);
    if (shown->expires != 0) description.expires = base::iso8601(shown->expires);
    description.usable = signing != nullptr;
    if (description.usable) return description;
    description.problem = fault_of_key(key, key.fpr);
    if (description.problem.empty()) description.problem = missing;
    return description;
}

}  // namespace

std::string generate_key(const std::filesystem::path& home, const std::string& user_id,
                         KeyAlgorithm algorithm) {
    prepare_home(home);
    GpgContext context(home);
    const char* name = algorithm == KeyAlgorithm::ed25519 ? "ed25519" : "rsa4096";
    constexpr unsigned kFlags =
        GPGME_CREATE_SIGN | GPGME_CREATE_NOPASSWD | GPGME_CREATE_NOEXPIRE | GPGME_CREATE_FORCE;
    const auto error = context.run(
        [&](gpgme_ctx_t gpg) {
            return gpgme_op_createkey_start(gpg, user_id.c_str(), name, 0, 0, nullptr, kFlags);
        },
        kGenerationDeadline);
    const auto result = gpgme_op_genkey_result(context.get());
    if (error != GPG_ERR_NO_ERROR || result == nullptr || result->fpr == nullptr)
        throw base::Error(base::ErrorKind::signing, "generate a key in", home.string(), explain(error),
                          hint_for(error, home));
    return result->fpr;
}

std::vector<KeyDescription> list_keys(const std::filesystem::path& home) {
    require_usable_home(home);
    GpgContext context(home);
    auto keys = context.find_keys({}, KeyKind::secret_key);
    const bool is_elsewhere = keys.empty() && context.yield_to_restricted_agent();
    if (is_elsewhere) keys = context.find_keys({}, KeyKind::secret_key);
    const char* missing = is_elsewhere ? "its agent, elsewhere, does not say whether it has the secret key"
                                       : "the secret key is not there";
    std::vector<KeyDescription> descriptions;
    for (const auto& key : keys) descriptions.push_back(describe(*key, missing));
    return descriptions;
}

}  // namespace repotool::signing
