// SPDX-License-Identifier: GPL-3.0-or-later
// Message digests (OpenSSL EVP). Digests are passed around as lower-case hexadecimal text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::base {

enum class DigestAlgorithm { md5, sha1, sha256, sha512 };

// Several digests of one stream of bytes, in one pass.
class Hasher {
public:
    explicit Hasher(std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::sha256});
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(std::span<const char> bytes);
    void update(std::string_view bytes) { update(std::span<const char>(bytes.data(), bytes.size())); }
    // Hexadecimal digest; call once per algorithm, after the last update. Throws std::logic_error for an
    // algorithm that was not asked for.
    std::string hex(DigestAlgorithm algorithm = DigestAlgorithm::sha256);
    std::uint64_t size() const noexcept { return size_; }

private:
    struct State;
    std::vector<std::unique_ptr<State>> states_;
    std::uint64_t size_ = 0;
};

// The digests of one whole file, as APT indexes list them. Empty text: not computed.
struct FileDigests {
    std::uint64_t size = 0;
    std::string md5;
    std::string sha1;
    std::string sha256;
    std::string sha512;
};

// Lower-case hexadecimal digits.
std::string to_hex(std::span<const unsigned char> bytes);
std::string sha256_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);
// True for 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text) noexcept;

}  // namespace repotool::base
