// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/open_pgp_signature.hpp"

#include <fmt/format.h>

#include <bit>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"

namespace repotool::signing {
namespace {

constexpr std::uint8_t kVersion = 4;
constexpr std::uint8_t kSha512 = 10;  // RFC 4880 §9.4
// Packet tag 2 in the new format (§4.2).
constexpr std::uint8_t kSignaturePacket = 0xc2;
// Subpackets (§5.2.3.1); 33 is in draft-ietf-openpgp-rfc4880bis.
constexpr std::uint8_t kCreationTime = 2;
constexpr std::uint8_t kIssuer = 16;
constexpr std::uint8_t kIssuerFingerprint = 33;
constexpr std::size_t kKeyIdSize = 8;
constexpr std::size_t kOneOctetLength = 192;  // lengths from here on take two octets (§4.2.2)
constexpr std::size_t kTwoOctetLength = 8384;

std::string octets(std::uint64_t value, unsigned count) {
    std::string bytes;
    for (unsigned at = count; at-- > 0;) bytes += static_cast<char>((value >> (8U * at)) & 0xffU);
    return bytes;
}

std::string packet_length(std::size_t size) {
    if (size < kOneOctetLength) return octets(size, 1);
    if (size < kTwoOctetLength) return octets(size - kOneOctetLength + (kOneOctetLength << 8U), 2);
    return octets(0xff, 1) + octets(size, 4);
}

std::string subpacket(std::uint8_t type, const std::string& body) {
    return octets(body.size() + 1, 1) + octets(type, 1) + body;
}

// A multiprecision integer (§3.2): the number of its bits, then its bytes without leading zeros.
std::string multiprecision_integer(std::string_view number) {
    number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size()));
    if (number.empty()) return octets(0, 2);
    const auto first = static_cast<unsigned char>(number.front());
    const auto bits = (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(first));
    return octets(bits, 2) + std::string(number);
}

std::string content_digest(const Content& content, const std::string& hashed_part) {
    base::Hasher hasher({base::DigestAlgorithm::sha512});
    content([&](std::string_view bytes) { hasher.update(bytes); });
    hasher.update(std::string_view(hashed_part));
    hasher.update(std::string_view(octets(kVersion, 1) + octets(0xff, 1) + octets(hashed_part.size(), 4)));
    return bytes_of_hexadecimal(hasher.hex(base::DigestAlgorithm::sha512));
}

}  // namespace

UnsignedSignature::UnsignedSignature(const SigningIdentity& identity, SignatureType type, std::time_t created,
                                     const Content& content)
    : algorithm_(identity.algorithm) {
    const std::string fingerprint = bytes_of_hexadecimal(identity.fingerprint);
    issuer_ = fingerprint.substr(fingerprint.size() - kKeyIdSize);
    const std::string subpackets = subpacket(kIssuerFingerprint, octets(kVersion, 1) + fingerprint) +
                                   subpacket(kCreationTime, octets(static_cast<std::uint64_t>(created), 4));
    hashed_part_ = octets(kVersion, 1) + octets(static_cast<std::uint8_t>(type), 1) +
                   octets(static_cast<std::uint8_t>(algorithm_), 1) + octets(kSha512, 1) +
                   octets(subpackets.size(), 2) + subpackets;
    digest_ = content_digest(content, hashed_part_);
}

std::string UnsignedSignature::packet(const std::vector<std::string>& numbers) const {
    const std::size_t expected = numbers_in_signature(algorithm_);
    if (numbers.size() != expected)
        throw base::Error(
            base::ErrorKind::signing, "make", "signature",
            fmt::format("the signer returned {} numbers, expected {}", numbers.size(), expected));
    // The key id is no part of what is signed (§5.2.3.5 allows both); old readers look for it there.
    const std::string unhashed = subpacket(kIssuer, issuer_);
    std::string body = hashed_part_ + octets(unhashed.size(), 2) + unhashed + digest_.substr(0, 2);
    for (const auto& number : numbers) body += multiprecision_integer(number);
    return octets(kSignaturePacket, 1) + packet_length(body.size()) + body;
}

std::size_t numbers_in_signature(PublicKeyAlgorithm algorithm) {
    return algorithm == PublicKeyAlgorithm::rsa ? 1 : 2;
}

std::string bytes_of_hexadecimal(std::string_view digits) {
    const auto value_of = [](char digit) {
        if (digit >= '0' && digit <= '9') return digit - '0';
        if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
        if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
        return -1;
    };
    if (digits.size() % 2 != 0) return {};
    std::string bytes;
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        const int high = value_of(digits[at]);
        const int low = value_of(digits[at + 1]);
        if (high < 0 || low < 0) return {};
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

}  // namespace repotool::signing
