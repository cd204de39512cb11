// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/integrity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

using base::DigestAlgorithm;
using base::Hasher;

constexpr std::size_t kBlockSize = std::size_t{256} << 10U;

// Numbers of OpenPGP (RFC 9580, 9.5); nothing for one that rpm does not use for payloads.
std::optional<DigestAlgorithm> algorithm_of(std::uint64_t number) {
    switch (number) {
        case 1:
            return DigestAlgorithm::md5;
        case 2:
            return DigestAlgorithm::sha1;
        case 8:
            return DigestAlgorithm::sha256;
        case 10:
            return DigestAlgorithm::sha512;
        default:
            return std::nullopt;
    }
}

// Feeds the bytes [start, end) to each hasher.
void hash_range(std::istream& file, std::uint64_t start, std::uint64_t end,
                const std::vector<Hasher*>& hashers, const std::string& shown_as) {
    const std::size_t size = std::min<std::uint64_t>(kBlockSize, end - start);
    const auto block = std::make_unique_for_overwrite<char[]>(size);
    file.clear();
    file.seekg(static_cast<std::streamoff>(start));
    for (std::uint64_t left = end - start; left > 0;) {
        const auto wanted = static_cast<std::streamsize>(std::min<std::uint64_t>(left, size));
        file.read(block.get(), wanted);
        if (file.gcount() != wanted) refuse(shown_as, "the file ended while it was read");
        for (Hasher* hasher : hashers)
            hasher->update(std::string_view(block.get(), static_cast<std::size_t>(wanted)));
        left -= static_cast<std::uint64_t>(wanted);
    }
}

void compare(std::string_view what, const std::string& promised, const std::string& found,
             const std::string& shown_as) {
    if (promised.empty() || promised == found) return;
    refuse(shown_as,
           fmt::format("corrupt: the {} is {}, the package says {}", what, found, base::printable(promised)));
}

}  // namespace

ContentDigests check_content(std::istream& file, const FileLayout& layout,
                             const PayloadDigest& payload_digest, const std::string& shown_as) {
    const auto payload_algorithm =
        payload_digest.hex.empty() ? std::nullopt : algorithm_of(payload_digest.algorithm);
    Hasher header({DigestAlgorithm::sha256, DigestAlgorithm::sha1});
    Hasher payload(payload_algorithm && *payload_algorithm != DigestAlgorithm::sha256
                       ? std::vector{DigestAlgorithm::sha256, *payload_algorithm}
                       : std::vector{DigestAlgorithm::sha256});
    Hasher both({DigestAlgorithm::md5});
    // MD5 costs three times as much as SHA-256 and adds nothing where the header vouches for the payload.
    const bool needs_md5 = !payload_algorithm && !layout.signature.md5.empty();
    if (!payload_digest.hex.empty() && !payload_algorithm && !needs_md5) {
        refuse(shown_as,
               fmt::format("its payload digest has the unknown algorithm {}", payload_digest.algorithm));
    }

    std::vector<Hasher*> of_header{&header};
    std::vector<Hasher*> of_payload{&payload};
    if (needs_md5) {
        of_header.push_back(&both);
        of_payload.push_back(&both);
    }
    hash_range(file, layout.header_start, layout.header_end, of_header, shown_as);
    hash_range(file, layout.header_end, layout.file_size, of_payload, shown_as);

    ContentDigests digests{header.hex(DigestAlgorithm::sha256), payload.hex(DigestAlgorithm::sha256)};
    compare("SHA-256 of its header", layout.signature.sha256, digests.header_sha256, shown_as);
    compare("SHA-1 of its header", layout.signature.sha1, header.hex(DigestAlgorithm::sha1), shown_as);
    if (payload_algorithm == DigestAlgorithm::sha256) {
        compare("digest of its payload", payload_digest.hex, digests.payload_sha256, shown_as);
    } else if (payload_algorithm) {
        compare("digest of its payload", payload_digest.hex, payload.hex(*payload_algorithm), shown_as);
    } else if (needs_md5) {
        compare("MD5 of its header and payload", layout.signature.md5, both.hex(DigestAlgorithm::md5),
                shown_as);
    }
    return digests;
}

}  // namespace repotool::formats::rpm
