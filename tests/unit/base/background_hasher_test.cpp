// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/background_hasher.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "core/base/checksum.hpp"
#include "core/base/digest.hpp"
#include "core/base/error.hpp"

namespace repotool::base {
namespace {

std::string some_text(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919);
    text.resize(size);
    return text;
}

std::string sha512_of(const std::string& text) {
    Hasher hasher({DigestAlgorithm::sha512});
    hasher.update(std::string_view(text));
    return hasher.hex(DigestAlgorithm::sha512);
}

}  // namespace

TEST_CASE("digests that another thread makes are the same ones", "[hasher]") {
    for (const std::size_t size : {0UL, 1UL, 63UL, 64UL, 65'535UL, 65'536UL, 65'537UL, 5'000'000UL}) {
        const std::string text = some_text(size);
        for (const std::size_t piece : {7UL, 4'096UL, 300'000UL}) {
            if (size / piece > 100'000) continue;
            BackgroundHasher copied(ShaDigests::sha256_and_sha512), moved;
            for (std::size_t at = 0; at < size; at += piece) {
                copied.update(std::string_view(text).substr(at, piece));
                moved.update(text.substr(at, piece));
            }
            INFO(size << " in pieces of " << piece);
            CHECK(copied.size() == size);
            CHECK(copied.sha256() == sha256_hex(text));
            CHECK(copied.sha512() == sha512_of(text));
            CHECK(moved.sha256() == sha256_hex(text));
            CHECK(moved.sha512().empty());
        }
    }
}

TEST_CASE("a hasher that nobody asks ends quietly", "[hasher]") {
    BackgroundHasher hasher;
    hasher.update(std::string_view(some_text(3'000'000)));
}

TEST_CASE("a stream is taken up at any marked place", "[hasher]") {
    const std::string text = some_text(400'000);
    const auto view = std::string_view(text);
    for (const auto digests : {ShaDigests::sha256, ShaDigests::sha256_and_sha512}) {
        BackgroundHasher first(digests);
        std::vector<std::size_t> places;
        for (const std::size_t length : {0UL, 1UL, 62UL, 1UL, 64UL, 127UL, 200'000UL, 100'001UL}) {
            const std::size_t at = places.empty() ? 0 : places.back();
            first.update(view.substr(at, length));
            first.mark();
            places.push_back(at + length);
        }
        const auto states = first.states();
        REQUIRE(states.size() == places.size());
        for (std::size_t i = 0; i < places.size(); ++i) {
            INFO(places[i]);
            CHECK(states[i].size() == ShaStream::state_size(digests));
            BackgroundHasher second(digests);
            second.resume(states[i]);
            CHECK(second.size() == places[i]);
            second.update(view.substr(places[i]));
            CHECK(second.size() == text.size());
            CHECK(second.sha256() == sha256_hex(text));
            CHECK(second.sha512() == (digests == ShaDigests::sha256 ? "" : sha512_of(text)));
        }
    }
}

TEST_CASE("what is no state of a stream is refused", "[hasher]") {
    ShaStream stream;
    stream.update("hello");
    const std::string state = stream.state();
    CHECK_THROWS_AS(ShaStream().resume(""), Error);
    CHECK_THROWS_AS(ShaStream().resume(state.substr(1)), Error);
    CHECK_THROWS_AS(ShaStream(ShaDigests::sha256_and_sha512).resume(state), Error);
    CHECK_THROWS_AS(ShaStream().resume(std::string(state.size(), '\xff')), Error);
}

TEST_CASE("a checksum of pieces is that of the whole", "[hasher]") {
    const std::string text = some_text(100'000);
    Checksum checksum;
    for (std::size_t at = 0; at < text.size(); at += 777)
        checksum.update(std::string_view(text).substr(at, 777));
    CHECK(checksum.take() == checksum64(text));
    CHECK(checksum.take() == checksum64(""));
    CHECK(checksum64(text) != checksum64(text.substr(1)));
}

TEST_CASE("bytes that the thread reads itself are hashed in their place", "[hasher]") {
    const std::string text(300'000, 'x');
    BackgroundHasher hasher;
    std::string whole;
    for (int i = 0; i < 20; ++i) {
        const std::string own = std::to_string(i);
        hasher.update(std::string_view(own));
        hasher.update(text.size(), [&text] { return text; });
        hasher.mark();
        whole += own + text;
    }
    CHECK(hasher.size() == whole.size());
    CHECK(hasher.sha256() == sha256_hex(whole));
    CHECK(hasher.states().size() == 20);
}

TEST_CASE("what reading throws in the thread reaches whoever wants the digest", "[hasher]") {
    BackgroundHasher hasher;
    hasher.update(3, []() -> std::string { throw Error(ErrorKind::integrity, "read", "pack", "damaged"); });
    hasher.update(std::string_view("more"));
    CHECK_THROWS_AS(hasher.sha256(), Error);
    CHECK_THROWS_AS(hasher.states(), Error);
}

TEST_CASE("hashers that are behind get their turn while others work, wait, and have ended", "[hasher]") {
    const std::string text(std::size_t{3} << 20U, 'x');
    const std::string expected = sha256_hex(text);
    BackgroundHasher ahead;
    ahead.update(text);
    std::vector<std::unique_ptr<BackgroundHasher>> behind;
    for (int i = 0; i < 5; ++i) {
        behind.push_back(std::make_unique<BackgroundHasher>(ShaDigests::sha256, Urgency::behind));
        behind.back()->update(text);
    }
    CHECK(behind[0]->sha256() == expected);  // `ahead` has nothing to do and has not ended
    ahead.update(text);
    CHECK(behind[1]->sha256() == expected);
    behind[2].reset();  // dropped in the middle
    CHECK(ahead.sha256() == sha256_hex(text + text));
    CHECK(behind[3]->sha256() == expected);
    CHECK(behind[4]->sha256() == expected);
}

}  // namespace repotool::base
