// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/message_key.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"

namespace repotool::signing {
namespace {

constexpr int kFewestRsaBits = 2048;
constexpr std::string_view kBegin = "-----BEGIN ";

EVP_PKEY* as_key(void* key) {
    return static_cast<EVP_PKEY*>(key);
}

const unsigned char* as_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

int no_passphrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* /*data*/) {
    return -1;  // else OpenSSL asks whoever sits there
}

EVP_PKEY* read_pem(std::string_view pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> source(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    EVP_PKEY* key = PEM_read_bio_PUBKEY(source.get(), nullptr, no_passphrase, nullptr);
    ERR_clear_error();  // of what a broken file left there
    return key;
}

std::string curve_of(const EVP_PKEY* key) {
    std::array<char, 64> name{};
    std::size_t size = 0;
    const int found =
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &size);
    return found == 1 ? std::string(name.data(), size) : "";
}

// Why it is not good enough; empty where it is.
std::string fault_of(const EVP_PKEY* key) {
    const int kind = EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_ED25519) return {};
    if (kind == EVP_PKEY_RSA) {
        const int bits = EVP_PKEY_get_bits(key);
        return bits >= kFewestRsaBits ? "" : fmt::format("RSA with {} bits is too weak", bits);
    }
    if (kind != EVP_PKEY_EC) return "its algorithm is none of ECDSA, Ed25519 and RSA";
    const std::string curve = curve_of(key);
    const bool is_known = curve == "prime256v1" || curve == "secp384r1";
    return is_known ? "" : fmt::format("its curve is {}, expected P-256 or P-384", curve);
}

std::string identify(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    if (size <= 0) return {};
    std::string id = base::sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return id;
}

const EVP_MD* hash_for(EVP_PKEY* key) {
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return nullptr;  // it hashes by itself
    const bool is_large = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && curve_of(key) == "secp384r1";
    return is_large ? EVP_sha384() : EVP_sha256();
}

enum class Padding { none, pss };

bool verify(EVP_PKEY* key, Padding padding, std::string_view message, std::string_view signature) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_PKEY_CTX* options = nullptr;  // belongs to `context`
    if (EVP_DigestVerifyInit(context.get(), &options, hash_for(key), nullptr, key) != 1) return false;
    if (padding == Padding::pss && EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1)
        return false;
    return EVP_DigestVerify(context.get(), as_bytes(signature), signature.size(), as_bytes(message),
                            message.size()) == 1;
}

}  // namespace

MessageKey::MessageKey(std::string_view pem, std::string name) : name_(std::move(name)) {
    if (EVP_PKEY* key = read_pem(pem); key != nullptr)
        key_ = std::shared_ptr<void>(key, [](void* held) { EVP_PKEY_free(as_key(held)); });
    std::string fault = key_ ? fault_of(as_key(key_.get())) : "it holds no PEM public key";
    if (pem.find(kBegin) != pem.rfind(kBegin)) fault = "it holds more than one key";
    if (!fault.empty())
        throw base::Error(base::ErrorKind::usage, "use key", name_, fault,
                          "openssl pkey -in PRIVATE-KEY -pubout writes the form that is read here");
    id_ = identify(as_key(key_.get()));
}

bool MessageKey::accepts(std::string_view message, std::string_view signature) const {
    EVP_PKEY* key = as_key(key_.get());
    const bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const bool is_good = verify(key, Padding::none, message, signature) ||
                         (is_rsa && verify(key, Padding::pss, message, signature));
    ERR_clear_error();  // a signature that is none leaves its reasons there
    return is_good;
}

}  // namespace repotool::signing
