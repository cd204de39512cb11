// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/open_pgp_armor.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::signing {
namespace {

constexpr std::size_t kLineLength = 64;
constexpr std::string_view kClearBegin = "-----BEGIN PGP SIGNED MESSAGE-----\n";
constexpr std::string_view kSignatureBegin = "-----BEGIN PGP SIGNATURE-----";

std::string_view name_of(ArmorKind kind) {
    return kind == ArmorKind::signature ? "PGP SIGNATURE" : "PGP PUBLIC KEY BLOCK";
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

// Empty where it is no base64.
std::string bytes_of_base64(const std::string& text) {
    std::string bytes(text.size() / 4 * 3 + 1, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    const auto padding = static_cast<std::size_t>(std::count(text.begin(), text.end(), '='));
    bytes.resize(static_cast<std::size_t>(size) - std::min<std::size_t>(padding, 2));
    return bytes;
}

// CRC-24 (RFC 4880 §6.1).
std::string checksum(std::string_view bytes) {
    std::uint32_t crc = 0xb704ceU;
    for (const char byte : bytes) {
        crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 16U;
        for (int bit = 0; bit < 8; ++bit) crc = (crc << 1U) ^ ((crc & 0x800000U) != 0 ? 0x1864cfbU : 0U);
    }
    return {static_cast<char>(crc >> 16U), static_cast<char>(crc >> 8U), static_cast<char>(crc)};
}

[[noreturn]] void refuse(ArmorKind kind, const char* reason) {
    throw base::Error(base::ErrorKind::signing, "read", std::string(name_of(kind)), reason);
}

std::vector<std::string> lines_of(std::string_view text) {
    auto lines = base::split(text, '\n');
    for (auto& line : lines)
        line.erase(std::find_if_not(line.rbegin(), line.rend(),
                                    [](char c) { return c == ' ' || c == '\t' || c == '\r'; })
                       .base(),
                   line.end());
    return lines;
}

// The values of the "Hash:" headers of a cleartext message, in the order of their appearance.
void collect_hashes(const std::string& message, std::vector<std::string>& hashes) {
    const auto lines = lines_of(message);
    constexpr std::string_view kHash = "Hash: ";
    for (std::size_t at = 1; at < lines.size() && lines[at].starts_with(kHash); ++at)
        for (const auto& name : base::split(lines[at].substr(kHash.size()), ',')) {
            std::string hash(base::trim(name));
            if (std::find(hashes.begin(), hashes.end(), hash) == hashes.end()) hashes.push_back(hash);
        }
}

}  // namespace

std::string armor(ArmorKind kind, std::string_view bytes) {
    std::string text = fmt::format("-----BEGIN {}-----\n\n", name_of(kind));
    const std::string all = base64(bytes);
    for (std::size_t at = 0; at < all.size(); at += kLineLength) text += all.substr(at, kLineLength) + "\n";
    return text + "=" + base64(checksum(bytes)) + fmt::format("\n-----END {}-----\n", name_of(kind));
}

std::string unarmor(ArmorKind kind, std::string_view text) {
    const auto lines = lines_of(text);
    const auto begin =
        std::find(lines.begin(), lines.end(), fmt::format("-----BEGIN {}-----", name_of(kind)));
    const auto end = std::find(begin, lines.end(), fmt::format("-----END {}-----", name_of(kind)));
    if (end == lines.end()) refuse(kind, "there is no complete armored block");
    std::string encoded;
    std::string expected;
    for (auto line = std::find(begin, end, ""); line < end; ++line)
        if (line->starts_with('='))
            expected = line->substr(1);
        else
            encoded += *line;
    std::string bytes = bytes_of_base64(encoded);
    if (bytes.empty() || (!expected.empty() && expected != base64(checksum(bytes))))
        refuse(kind, "the armored block is damaged");
    return bytes;
}

std::string join_armored(ArmorKind kind, const std::vector<std::string>& blocks) {
    if (blocks.size() == 1) return blocks.front();
    std::string bytes;
    for (const auto& block : blocks) bytes += unarmor(kind, block);
    return armor(kind, bytes);
}

std::string join_clear_signed(const std::vector<std::string>& messages) {
    if (messages.size() == 1) return messages.front();
    std::vector<std::string> hashes;
    for (const auto& message : messages) collect_hashes(message, hashes);
    const std::string& first = messages.front();
    const auto body = first.find("\n\n");
    const auto end = first.rfind(kSignatureBegin);
    if (body == std::string::npos || end == std::string::npos || end < body)
        refuse(ArmorKind::signature, "it is no cleartext-signed message");
    return fmt::format("{}Hash: {}{}{}", kClearBegin, base::join(hashes, ", "),
                       first.substr(body, end - body), join_armored(ArmorKind::signature, messages));
}

std::string canonical_text(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return base::join(lines_of(text), "\r\n");
}

std::string clear_signed_message(std::string_view text, std::string_view packet) {
    std::string message = std::string(kClearBegin) + "Hash: SHA512\n\n";
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const auto& line : base::split(text, '\n'))
        message += (line.starts_with('-') ? "- " : "") + line + "\n";
    return message + armor(ArmorKind::signature, packet);
}

}  // namespace repotool::signing
