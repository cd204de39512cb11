// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_policy.hpp"

#include <fmt/format.h>

namespace repotool::signing {
namespace {

constexpr unsigned kSmallestRsa = 2048;

std::string fault_of_algorithm(const _gpgme_subkey& subkey) {
    switch (subkey.pubkey_algo) {
        case GPGME_PK_RSA:
        case GPGME_PK_RSA_S:
            if (subkey.length >= kSmallestRsa) return {};
            return fmt::format("RSA with {} bits is too weak, {} is the least", subkey.length, kSmallestRsa);
        case GPGME_PK_EDDSA:
        case GPGME_PK_ECDSA:
            return {};
        case GPGME_PK_DSA:
            return "DSA keys are refused, clients no longer accept them";
        default:
            return "its algorithm is no known signing algorithm";
    }
}

template <typename KeyOrSubkey>
std::string fault_of_state(const KeyOrSubkey& key) {
    if (key.revoked != 0) return "the key is revoked";
    if (key.expired != 0) return "the key is expired";
    if (key.disabled != 0) return "the key is disabled";
    if (key.invalid != 0) return "the key is not valid";
    return {};
}

}  // namespace

std::string fault_of_key(const _gpgme_key& key, const std::string& signing_fingerprint) {
    if (std::string fault = fault_of_state(key); !fault.empty()) return fault;
    const gpgme_subkey_t subkey = find_subkey(key, signing_fingerprint);
    if (subkey == nullptr) return "the key has no such subkey";
    std::string fault = fault_of_state(*subkey);
    if (fault.empty() && subkey->can_sign == 0) fault = "the key cannot sign";
    return fault.empty() ? fault_of_algorithm(*subkey) : fault;
}

std::string fault_of_digest(gpgme_hash_algo_t algorithm) {
    switch (algorithm) {
        case GPGME_MD_SHA256:
        case GPGME_MD_SHA384:
        case GPGME_MD_SHA512:
            return {};
        default: {
            const char* name = gpgme_hash_algo_name(algorithm);
            return fmt::format("the digest {} is too weak, SHA-256 is the least",
                               name == nullptr ? "?" : name);
        }
    }
}

gpgme_subkey_t find_subkey(const _gpgme_key& key, const std::string& fingerprint) {
    for (gpgme_subkey_t subkey = key.subkeys; subkey != nullptr; subkey = subkey->next)
        if (subkey->fpr != nullptr && fingerprint == subkey->fpr) return subkey;
    return nullptr;
}

PublicKeyAlgorithm algorithm_of(const _gpgme_subkey& subkey) {
    switch (subkey.pubkey_algo) {
        case GPGME_PK_EDDSA:
            return PublicKeyAlgorithm::eddsa;
        case GPGME_PK_ECDSA:
            return PublicKeyAlgorithm::ecdsa;
        default:
            return PublicKeyAlgorithm::rsa;
    }
}

std::string algorithm_name(gpgme_subkey_t subkey) {
    char* name = gpgme_pubkey_algo_string(subkey);
    std::string text = name == nullptr ? "unknown" : name;
    gpgme_free(name);
    return text;
}

}  // namespace repotool::signing
