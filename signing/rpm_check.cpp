// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/rpm_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <span>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/external.hpp"

namespace repotool::signing {
namespace {

using base::DigestAlgorithm;

// OpenPGP's numbers (RFC 4880 §9.4), which rpm uses for payload digests.
constexpr std::uint32_t kOpenPgpSha256 = 8;
constexpr std::uint32_t kOpenPgpSha512 = 10;

[[noreturn]] void refuse_payload(const std::filesystem::path& path) {
    throw base::Error(base::ErrorKind::input, "read package", path.string(), "its payload cannot be read");
}

std::unique_ptr<fs::File> open_payload(const std::filesystem::path& path) {
    try {
        return fs::open_external(path.string());
    } catch (const base::Error&) {
        refuse_payload(path);
    }
}

// Fills `block`.
void read_payload(const std::filesystem::path& path, fs::File& file, std::span<char> block,
                  std::uint64_t offset) {
    try {
        if (file.read_at(block, offset) == block.size()) return;
    } catch (const base::SystemError&) {
        // no other answer than that for a file that has become shorter
    }
    refuse_payload(path);
}

void for_each_payload_block(const std::filesystem::path& path, const RpmLayout& layout,
                            const std::function<void(std::string_view)>& use) {
    const auto file = open_payload(path);
    std::string block(std::size_t{1} << 18U, '\0');
    for (std::uint64_t done = 0; done < layout.payload_size;) {
        const auto wanted = std::min<std::uint64_t>(layout.payload_size - done, block.size());
        read_payload(path, *file, {block.data(), wanted}, layout.payload_offset + done);
        use(std::string_view(block.data(), wanted));
        done += wanted;
    }
}

std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
}

std::string big_endian_number(std::uint64_t value, std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t at = bytes; at-- > 0; value >>= 8U) text[at] = static_cast<char>(value & 0xffU);
    return text;
}

std::string whole_content(const std::filesystem::path& path, const RpmLayout& layout) {
    std::string bytes;
    bytes.reserve(layout.header.size() + layout.payload_size);
    package_content(path, layout)([&](std::string_view block) { bytes += block; });
    return bytes;
}

}  // namespace

RpmDigests digests_of(const std::filesystem::path& path, const RpmLayout& layout) {
    const auto payload_algorithm =
        layout.payload_digest_algorithm == kOpenPgpSha512 ? DigestAlgorithm::sha512 : DigestAlgorithm::sha256;
    base::Hasher header({DigestAlgorithm::sha1, DigestAlgorithm::sha256});
    base::Hasher package({DigestAlgorithm::md5, DigestAlgorithm::sha256});
    base::Hasher payload({payload_algorithm});
    header.update(std::string_view(layout.header));
    package.update(std::string_view(layout.header));
    for_each_payload_block(path, layout, [&](std::string_view block) {
        package.update(block);
        payload.update(block);
    });
    return {package.size(),
            header.hex(DigestAlgorithm::sha1),
            header.hex(DigestAlgorithm::sha256),
            package.hex(DigestAlgorithm::md5),
            package.hex(DigestAlgorithm::sha256),
            payload.hex(payload_algorithm)};
}

std::string fault_of_digests(const RpmLayout& layout, const RpmDigests& digests) {
    const auto differs = [&](SignatureTag tag, const std::string& actual) {
        const auto found = layout.signatures.find(tag);
        return found != layout.signatures.end() && found->second != actual;
    };
    if (differs(SignatureTag::sha256_header, digests.header_sha256))
        return "the SHA-256 of the header is wrong";
    if (differs(SignatureTag::sha1_header, digests.header_sha1)) return "the SHA-1 of the header is wrong";
    if (differs(SignatureTag::size, big_endian_number(digests.size, 4)) ||
        differs(SignatureTag::long_size, big_endian_number(digests.size, 8)))
        return "the size is wrong";
    if (const auto md5 = layout.signatures.find(SignatureTag::md5_package);
        md5 != layout.signatures.end() && hexadecimal(md5->second) != digests.package_md5)
        return "the MD5 of header and payload is wrong";
    if (layout.payload_digest.empty()) return {};
    if (layout.payload_digest_algorithm != kOpenPgpSha256 &&
        layout.payload_digest_algorithm != kOpenPgpSha512)
        return "the payload digest is of an unknown algorithm";
    return layout.payload_digest == digests.payload ? "" : "the digest of the payload is wrong";
}

Content header_content(const RpmLayout& layout) {
    return [&layout](const auto& take) { take(layout.header); };
}

Content package_content(const std::filesystem::path& path, const RpmLayout& layout) {
    return [path, &layout](const auto& take) {
        take(layout.header);
        for_each_payload_block(path, layout, take);
    };
}

PackageVerdict check_package(const std::filesystem::path& path, const RpmLayout& layout, Verifier& verifier) {
    PackageVerdict verdict;
    verdict.is_signed = has_signature(layout);
    const auto refuse = [&](std::string reason) {
        verdict.good = false;
        verdict.fingerprint.clear();
        verdict.reason = std::move(reason);
        return verdict;
    };
    if (auto fault = fault_of_digests(layout, digests_of(path, layout)); !fault.empty())
        return refuse(std::move(fault));
    if (!verdict.is_signed) return refuse("the package is not signed");
    // Every signature that is there must be good: rpm looks at each, and so would whoever audits the file.
    bool covers_header = false;
    bool covers_payload =
        !layout.payload_digest.empty();  // the signed header then names the payload's digest
    std::string content;
    for (const auto& [tag, signature] : layout.signatures) {
        const bool is_over_header = tag == SignatureTag::rsa_header || tag == SignatureTag::dsa_header;
        const bool is_over_package = tag == SignatureTag::rsa_package || tag == SignatureTag::dsa_package;
        if (!is_over_header && !is_over_package) continue;
        if (is_over_package && content.empty()) content = whole_content(path, layout);
        const Verdict one = verifier.check_detached(is_over_header ? layout.header : content, signature);
        if (!one.good) return refuse(one.reason);
        if (!verdict.fingerprint.empty() && verdict.fingerprint != one.fingerprint)
            return refuse("the package is signed by several keys");
        verdict.fingerprint = one.fingerprint;
        verdict.signer = one.signer;
        covers_header = true;  // a signature over the package covers both
        covers_payload = covers_payload || is_over_package;
    }
    if (!covers_header) return refuse("the package is signed in a form of rpm 6 that is not supported");
    if (!covers_payload) return refuse("no signature covers the payload");
    verdict.good = true;
    return verdict;
}

PackageVerdict verify_package(const std::string& path, const std::vector<std::string>& public_keys) {
    return PackageVerifier(public_keys).verify(path);
}

PackageVerifier::PackageVerifier(std::vector<std::string> public_keys)
    : public_keys_(std::move(public_keys)) {}

PackageVerifier::~PackageVerifier() = default;

PackageVerdict PackageVerifier::verify(const std::string& path) {
    const RpmLayout layout = read_rpm_layout(path);
    if (!verifier_) verifier_ = std::make_unique<Verifier>(public_keys_);
    return check_package(path, layout, *verifier_);
}

}  // namespace repotool::signing
