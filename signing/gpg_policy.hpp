// SPDX-License-Identifier: GPL-3.0-or-later
// What is too weak to sign with or to accept, in one table, for signing and verifying alike.
#pragma once

#include <gpgme.h>

#include <string>

#include "signing/open_pgp_signature.hpp"

namespace repotool::signing {

// Why a key must not be used now (revoked, expired, disabled, RSA below 2048 bits, DSA), or empty when it may
// be. `signing_fingerprint` selects the subkey that signs; it may be the primary key.
std::string fault_of_key(const _gpgme_key& key, const std::string& signing_fingerprint);

// Why a digest algorithm is too weak (MD5, SHA-1, RIPEMD-160, SHA-224 and anything unknown), or empty for
// SHA-256 and stronger.
std::string fault_of_digest(gpgme_hash_algo_t algorithm);

// The subkey with this fingerprint, or null.
gpgme_subkey_t find_subkey(const _gpgme_key& key, const std::string& fingerprint);

// What its signatures are called in packets. Only for keys without a fault.
PublicKeyAlgorithm algorithm_of(const _gpgme_subkey& subkey);

// "ed25519", "rsa4096".
std::string algorithm_name(gpgme_subkey_t subkey);

}  // namespace repotool::signing
