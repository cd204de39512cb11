// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/background_hasher.hpp"

#include <catch2/catch.hpp>

namespace repotool::base {

TEST_CASE("a stream has the same digests in the background, whatever its length and pieces", "[digest]") {
    std::string text;
    for (int i = 0; text.size() < 3'000'000; ++i) text += std::to_string(i * 7919);
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, text.size()}) {
        for (const std::size_t piece : {std::size_t{1000}, std::size_t{65'536}, std::size_t{700'001}}) {
            const std::vector<DigestAlgorithm> both{DigestAlgorithm::sha256, DigestAlgorithm::sha512};
            BackgroundHasher background(both);
            Hasher plain(both);
            for (std::size_t at = 0; at < length; at += piece) {
                const auto part = std::string_view(text).substr(at, std::min(piece, length - at));
                background.update(part);
                plain.update(part);
            }
            CHECK(background.size() == length);
            for (const auto algorithm : both) CHECK(background.hex(algorithm) == plain.hex(algorithm));
        }
    }
}

TEST_CASE("a background hasher that is given up ends at once", "[digest]") {
    BackgroundHasher hasher;
    hasher.update(std::string(5'000'000, 'x'));
}

}  // namespace repotool::base
