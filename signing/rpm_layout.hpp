// SPDX-License-Identifier: GPL-3.0-or-later
// The four parts of a .rpm (lead, signature header, header, payload) and what is said about them, read with
// bounds checks from the file's own bytes: what is checked is what is on disk, not what a library made of it.
// Format: rpm's docs/manual/format_v4.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing {

// Tags of the signature header.
enum class SignatureTag : std::uint32_t {
    dsa_header = 267,  // OpenPGP over the header: DSA, ECDSA or EdDSA
    rsa_header = 268,  // OpenPGP over the header: RSA
    sha1_header = 269,
    long_size = 270,
    sha256_header = 273,
    open_pgp = 278,  // rpm 6
    size = 1000,
    rsa_package = 1002,  // OpenPGP over header and payload ("v3"): RSA
    md5_package = 1004,
    dsa_package = 1005,  // the same for DSA
};

// Those with OpenPGP signatures.
inline constexpr std::array kOpenPgpTags = {SignatureTag::dsa_header, SignatureTag::rsa_header,
                                            SignatureTag::open_pgp, SignatureTag::rsa_package,
                                            SignatureTag::dsa_package};
// The signature header begins behind it.
constexpr std::uint64_t kLeadSize = 96;

// One signature or digest of the signature header, as stored (text without its final zero).
using SignatureTags = std::map<SignatureTag, std::string>;

struct RpmLayout {
    std::string signature_header;  // all bytes, with its magic and without its padding
    std::string header;  // all bytes of the main header, with its magic: what header signatures cover
    std::uint64_t payload_offset = 0;
    std::uint64_t payload_size = 0;
    SignatureTags signatures;  // only the tags above
    std::string
        payload_digest;  // hexadecimal, over the compressed payload; empty in packages before rpm 4.14
    std::uint32_t payload_digest_algorithm = 0;  // as OpenPGP numbers them: 8 is SHA-256
};

// Reads the layout of one package. Throws base::Error (input) when it is no regular file or not well-formed.
RpmLayout read_rpm_layout(const std::filesystem::path& path);

// All OpenPGP signatures that are there.
std::vector<std::string> signatures_of(const RpmLayout& layout);

// True when at least one tag holds an OpenPGP signature.
bool has_signature(const RpmLayout& layout);

}  // namespace repotool::signing
