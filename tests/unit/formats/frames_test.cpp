// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/formats/frames.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats {
namespace {

std::string frames_of(Compression compression, const std::vector<std::string>& texts,
                      std::vector<std::uint64_t>* lengths = nullptr) {
    std::string bytes;
    FrameWriter writer(compression, [&](std::string_view part) { bytes += part; });
    for (const auto& text : texts) {
        writer.write(text);
        const std::uint64_t length = writer.finish_frame();
        if (lengths != nullptr) lengths->push_back(length);
    }
    return bytes;
}

std::string noise(std::size_t size) {
    std::string text;
    unsigned state = 1;
    while (text.size() < size) {
        state = state * 1103515245U + 12345U;
        text += static_cast<char>(state >> 24U);
    }
    return text;
}

}  // namespace

TEST_CASE("concatenated frames are what gzip and zstd read", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::zst);
    const std::vector<std::string> texts{"", "one\n", noise(500'000), std::string(3'000'000, 'a'), "end\n"};
    std::string whole;
    for (const auto& text : texts) whole += text;
    std::vector<std::uint64_t> lengths;
    const std::string bytes = frames_of(compression, texts, &lengths);
    const auto result = base::run_process({compression == Compression::gz ? "gzip" : "zstd", "-dc"}, bytes);
    CHECK(result.exit_code == 0);
    CHECK(result.standard_output == whole);
    CHECK(unpack_frame(compression, bytes, whole.size()) == whole);
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CHECK(unpack_frame(compression, std::string_view(bytes).substr(offset, lengths[i]),
                           texts[i].size()) == texts[i]);
        offset += lengths[i];
    }
    CHECK(offset == bytes.size());
}

TEST_CASE("a frame depends on its text alone", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::zst);
    const std::string text = noise(200'000);
    const std::string alone = frames_of(compression, {text});
    const std::string after = frames_of(compression, {std::string(70'000, 'x'), text});
    CHECK(after.ends_with(alone));
}

TEST_CASE("truncated, damaged and bursting frames are refused", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::zst);
    const std::string text(100'000, 't');
    std::string bytes = frames_of(compression, {text, noise(1000)});
    for (std::size_t length = bytes.size() - 1; length > bytes.size() - 20; --length) {
        CHECK_THROWS_AS(unpack_frame(compression, std::string_view(bytes).substr(0, length), 200'000),
                        base::Error);
    }
    CHECK_THROWS_AS(unpack_frame(compression, bytes, text.size()),
                    base::Error);  // one byte over the limit is too much
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    CHECK_THROWS_AS(unpack_frame(compression, bytes, 200'000), base::Error);
}

TEST_CASE("text that fills the unpacking buffer exactly comes out whole", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::zst);
    for (const std::size_t size : {65535U, 65536U, 65537U, 131072U}) {
        const std::string text(size, 'q');
        CHECK(unpack_frame(compression, frames_of(compression, {text}), size) == text);
    }
}

TEST_CASE("a package survives the way through JSON", "[model]") {
    Package package;
    package.format = Format::rpm;
    package.name = "hello";
    package.version = "1:1.0-1";
    package.architecture = "noarch";
    package.sha256 = std::string(64, 'a');
    package.size = 12345678901ULL;
    package.any_architecture = true;
    package.index["primary"] = {"<a b=\"caf\xc3\xa9\">\n", "\"/>\n"};
    const Package copy = package_from_json(to_json(package));
    CHECK(to_json(copy) == to_json(package));
    CHECK(copy.size == package.size);
    CHECK(copy.index.at("primary").after == "\"/>\n");
    CHECK_THROWS_AS(package_from_json("{\"format\":\"deb\"}"), base::Error);
}

}  // namespace repotool::formats
