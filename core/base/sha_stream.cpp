// SPDX-License-Identifier: GPL-3.0-or-later
// OpenSSL's older interface: EVP keeps the state to itself. Both run the same code.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/base/sha_stream.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"

namespace repotool::base {
namespace {

template <typename Value>
void append(std::string& bytes, const Value& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Value>
void take(std::string_view& bytes, Value& value) {
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
}

}  // namespace

struct ShaStream::Contexts {
    explicit Contexts(ShaDigests digests) {
        SHA256_Init(&sha256);
        if (digests == ShaDigests::sha256_and_sha512) SHA512_Init(&sha512.emplace());
    }
    SHA256_CTX sha256{};
    std::optional<SHA512_CTX> sha512;
};

ShaStream::ShaStream(ShaDigests digests) : contexts_(std::make_unique<Contexts>(digests)) {}
ShaStream::~ShaStream() = default;
ShaStream::ShaStream(ShaStream&&) noexcept = default;
ShaStream& ShaStream::operator=(ShaStream&&) noexcept = default;

void ShaStream::update(std::string_view bytes) {
    SHA256_Update(&contexts_->sha256, bytes.data(), bytes.size());
    if (contexts_->sha512) SHA512_Update(&*contexts_->sha512, bytes.data(), bytes.size());
    size_ += bytes.size();
}

std::size_t ShaStream::state_size(ShaDigests digests) noexcept {
    return sizeof(std::uint64_t) + sizeof(SHA256_CTX) +
           (digests == ShaDigests::sha256_and_sha512 ? sizeof(SHA512_CTX) : 0);
}

std::string ShaStream::state() const {
    std::string bytes;
    append(bytes, size_);
    append(bytes, contexts_->sha256);
    if (contexts_->sha512) append(bytes, *contexts_->sha512);
    return bytes;
}

void ShaStream::resume(std::string_view state) {
    const auto digests = contexts_->sha512 ? ShaDigests::sha256_and_sha512 : ShaDigests::sha256;
    if (state.size() != state_size(digests))
        throw Error(ErrorKind::integrity, "resume", "digest", "its state has another length");
    take(state, size_);
    take(state, contexts_->sha256);
    if (contexts_->sha512) take(state, *contexts_->sha512);
    const bool is_good = contexts_->sha256.num == size_ % SHA256_CBLOCK &&
                         contexts_->sha256.md_len == SHA256_DIGEST_LENGTH &&
                         (!contexts_->sha512 || (contexts_->sha512->num == size_ % SHA512_CBLOCK &&
                                                 contexts_->sha512->md_len == SHA512_DIGEST_LENGTH));
    if (!is_good) throw Error(ErrorKind::integrity, "resume", "digest", "its state is none");
}

std::string ShaStream::sha256() const {
    SHA256_CTX copy = contexts_->sha256;
    std::array<unsigned char, SHA256_DIGEST_LENGTH> raw{};
    SHA256_Final(raw.data(), &copy);
    return to_hex(raw);
}

std::string ShaStream::sha512() const {
    if (!contexts_->sha512) return {};
    SHA512_CTX copy = *contexts_->sha512;
    std::array<unsigned char, SHA512_DIGEST_LENGTH> raw{};
    SHA512_Final(raw.data(), &copy);
    return to_hex(raw);
}

}  // namespace repotool::base
