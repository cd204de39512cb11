// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace repotool::base {
namespace {

const EVP_MD* message_digest(DigestAlgorithm algorithm) {
    // Fetched once: EVP_sha256() and friends fetch implicitly at each init, which shows with small files.
    static const std::array<const EVP_MD*, 4> kDigests{
        EVP_MD_fetch(nullptr, "MD5", nullptr), EVP_MD_fetch(nullptr, "SHA1", nullptr),
        EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_fetch(nullptr, "SHA512", nullptr)};
    const EVP_MD* digest = kDigests.at(static_cast<std::size_t>(algorithm));
    if (digest == nullptr) throw std::logic_error("OpenSSL offers no such digest");
    return digest;
}

std::string one_shot(DigestAlgorithm algorithm, std::string_view bytes) {
    Hasher hasher({algorithm});
    hasher.update(bytes);
    return hasher.hex(algorithm);
}

}  // namespace

struct Hasher::State {
    explicit State(DigestAlgorithm which) : algorithm(which), context(EVP_MD_CTX_new()) {
        if (context == nullptr || EVP_DigestInit_ex(context, message_digest(which), nullptr) != 1) {
            throw std::runtime_error("OpenSSL cannot start a digest");
        }
    }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    DigestAlgorithm algorithm;
    EVP_MD_CTX* context;
};

Hasher::Hasher(std::vector<DigestAlgorithm> algorithms) {
    for (const auto algorithm : algorithms) states_.push_back(std::make_unique<State>(algorithm));
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const char> bytes) {
    for (auto& state : states_) EVP_DigestUpdate(state->context, bytes.data(), bytes.size());
    size_ += bytes.size();
}

std::string Hasher::hex(DigestAlgorithm algorithm) {
    for (auto& state : states_) {
        if (state->algorithm != algorithm) continue;
        std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
        unsigned length = 0;
        EVP_DigestFinal_ex(state->context, raw.data(), &length);
        return to_hex({raw.data(), length});
    }
    throw std::logic_error("bug: this digest was not asked for");
}

std::string to_hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const unsigned char byte : bytes) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

std::string sha256_hex(std::string_view bytes) {
    return one_shot(DigestAlgorithm::sha256, bytes);
}

std::string md5_hex(std::string_view bytes) {
    return one_shot(DigestAlgorithm::md5, bytes);
}

bool is_sha256_hex(std::string_view text) noexcept {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace repotool::base
