// SPDX-License-Identifier: GPL-3.0-or-later
// Packets: RFC 4880 §4.2 and §5.5.2, RFC 6637 §9 (ECDSA), draft-koch-eddsa-for-openpgp (EdDSA).
#include "signing/open_pgp_key.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "signing/open_pgp_armor.hpp"

namespace repotool::signing {
namespace {

struct Release {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
    void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};
template <typename Type>
using Handle = std::unique_ptr<Type, Release>;

constexpr unsigned kPublicKeyPacket = 6;
constexpr unsigned kPublicSubkeyPacket = 14;
constexpr std::size_t kBodyBeforeNumbers = 6;  // version, creation time, algorithm
constexpr std::size_t kEd25519Size = 32;
// The curves' object identifiers, as they stand in packets, and what OpenSSL calls them.
const std::map<std::string, const char*, std::less<>> kCurves = {
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"},
    {std::string("\x2b\x81\x04\x00\x22", 5), "P-384"},
    {std::string("\x2b\x81\x04\x00\x23", 5), "P-521"}};

[[noreturn]] void refuse(const std::string& fingerprint, const char* reason) {
    throw base::Error(base::ErrorKind::signing, "read public key", fingerprint, reason);
}

const unsigned char* octets_of(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Takes fields from the front; past the end it gives zeros and empty fields.
class Fields {
public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}
    bool is_empty() const noexcept { return rest_.empty(); }
    std::size_t number(std::size_t octets) {
        std::size_t value = 0;
        for (const char octet : bytes(octets)) value = (value << 8U) | static_cast<unsigned char>(octet);
        return value;
    }
    std::string_view bytes(std::size_t count) {
        const auto taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view multiprecision_integer() { return bytes((number(2) + 7) / 8); }

private:
    std::string_view rest_;
};

// Length of a packet's body, in the old or the new format. gpg writes no partial lengths for keys.
std::size_t body_length(Fields& fields, unsigned header) {
    const bool is_new = (header & 0x40U) != 0;
    if (!is_new) return fields.number(std::size_t{1} << (header & 0x03U));
    const std::size_t first = fields.number(1);
    if (first < 192) return first;
    return first < 224 ? ((first - 192) << 8U) + fields.number(1) + 192 : fields.number(4);
}

// The body of the key packet with this fingerprint.
std::string_view find_key(std::string_view certificate, const std::string& fingerprint) {
    Fields fields(certificate);
    while (!fields.is_empty()) {
        const auto header = static_cast<unsigned>(fields.number(1));
        const unsigned tag = (header & 0x40U) != 0 ? header & 0x3fU : (header >> 2U) & 0x0fU;
        const auto body = fields.bytes(body_length(fields, header));
        if (tag != kPublicKeyPacket && tag != kPublicSubkeyPacket) continue;
        const std::string framed = {'\x99', static_cast<char>(body.size() >> 8U),
                                    static_cast<char>(body.size())};
        base::Hasher hasher({base::DigestAlgorithm::sha1});
        hasher.update(std::string_view(framed));
        hasher.update(body);
        if (hasher.hex(base::DigestAlgorithm::sha1) == fingerprint) return body;
    }
    return {};
}

Handle<EVP_PKEY> key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const Handle<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0)
        return nullptr;
    return Handle<EVP_PKEY>(key);
}

Handle<EVP_PKEY> read_rsa(Fields& fields) {
    const auto modulus = fields.multiprecision_integer();
    const auto exponent = fields.multiprecision_integer();
    const Handle<BIGNUM> n(BN_bin2bn(octets_of(modulus), static_cast<int>(modulus.size()), nullptr));
    const Handle<BIGNUM> e(BN_bin2bn(octets_of(exponent), static_cast<int>(exponent.size()), nullptr));
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return key_from("RSA", builder.get());
}

Handle<EVP_PKEY> read_ecdsa(Fields& fields) {
    const auto curve = kCurves.find(fields.bytes(fields.number(1)));
    const auto point = fields.multiprecision_integer();
    if (curve == kCurves.end()) return nullptr;
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->second, 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    return key_from("EC", builder.get());
}

// The point has one octet in front, 0x40: "native form".
Handle<EVP_PKEY> read_eddsa(Fields& fields) {
    fields.bytes(fields.number(1));
    auto point = fields.multiprecision_integer();
    if (point.size() != kEd25519Size + 1) return nullptr;
    point.remove_prefix(1);
    return Handle<EVP_PKEY>(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets_of(point), point.size()));
}

Handle<EVP_PKEY> read_key(PublicKeyAlgorithm algorithm, Fields fields) {
    fields.bytes(kBodyBeforeNumbers);
    switch (algorithm) {
        case PublicKeyAlgorithm::rsa:
            return read_rsa(fields);
        case PublicKeyAlgorithm::ecdsa:
            return read_ecdsa(fields);
        case PublicKeyAlgorithm::eddsa:
            return read_eddsa(fields);
    }
    return nullptr;
}

std::string with_size(std::string_view number, std::size_t size) {
    number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size()));
    if (number.size() > size) return {};
    return std::string(size - number.size(), '\0') + std::string(number);
}

// r and s as OpenSSL takes them.
std::string der_of(const std::vector<std::string>& numbers) {
    const Handle<ECDSA_SIG> signature(ECDSA_SIG_new());
    ECDSA_SIG_set0(signature.get(),
                   BN_bin2bn(octets_of(numbers[0]), static_cast<int>(numbers[0].size()), nullptr),
                   BN_bin2bn(octets_of(numbers[1]), static_cast<int>(numbers[1].size()), nullptr));
    std::string der(static_cast<std::size_t>(std::max(0, i2d_ECDSA_SIG(signature.get(), nullptr))), '\0');
    auto* position = reinterpret_cast<unsigned char*>(der.data());
    i2d_ECDSA_SIG(signature.get(), &position);
    return der;
}

bool verify_digest(EVP_PKEY* key, std::string_view digest, const std::string& signature) {
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_verify_init(context.get()) > 0 &&
           EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha512()) > 0 &&
           EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(), octets_of(digest),
                           digest.size()) == 1;
}

// Ed25519 hashes by itself: to it, the digest is the message.
bool verify_message(EVP_PKEY* key, std::string_view digest, const std::string& signature) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) > 0 &&
           EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(digest),
                            digest.size()) == 1;
}

}  // namespace

struct VerifyingKey::State {
    PublicKeyAlgorithm algorithm;
    Handle<EVP_PKEY> key;
};

VerifyingKey::VerifyingKey(const std::string& public_key, const SigningIdentity& identity)
    : state_(std::make_unique<State>()) {
    std::string fingerprint = identity.fingerprint;
    std::transform(fingerprint.begin(), fingerprint.end(), fingerprint.begin(),
                   [](unsigned char digit) { return static_cast<char>(std::tolower(digit)); });
    const std::string certificate = unarmor(ArmorKind::public_key, public_key);
    const auto body = find_key(certificate, fingerprint);
    if (body.empty()) refuse(identity.fingerprint, "the certificate does not have it");
    state_->algorithm = identity.algorithm;
    state_->key = read_key(identity.algorithm, Fields(body));
    if (!state_->key) refuse(identity.fingerprint, "its curve or form is not known");
}

VerifyingKey::~VerifyingKey() = default;

bool VerifyingKey::verifies(std::string_view digest, const std::vector<std::string>& numbers) const {
    if (numbers.size() != numbers_in_signature(state_->algorithm)) return false;
    EVP_PKEY* key = state_->key.get();
    switch (state_->algorithm) {
        case PublicKeyAlgorithm::rsa:
            return verify_digest(key, digest,
                                 with_size(numbers[0], static_cast<std::size_t>(EVP_PKEY_get_size(key))));
        case PublicKeyAlgorithm::ecdsa:
            return verify_digest(key, digest, der_of(numbers));
        case PublicKeyAlgorithm::eddsa:
            return verify_message(key, digest,
                                  with_size(numbers[0], kEd25519Size) + with_size(numbers[1], kEd25519Size));
    }
    return false;
}

}  // namespace repotool::signing
