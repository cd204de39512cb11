// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/formats/frames.hpp"
#include "core/formats/model.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::formats {
namespace {

std::string frames_of(Compression compression, const std::vector<std::string>& texts,
                      std::vector<std::uint64_t>* lengths = nullptr) {
    std::string bytes;
    FrameWriter writer(compression, [&](std::string_view part) { bytes += part; });
    for (const auto& text : texts) {
        const std::string frame = pack_frame(compression, text);
        writer.add_frame(frame);
        if (lengths != nullptr) lengths->push_back(frame.size());
    }
    writer.finish_file();
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

std::string program_of(Compression compression) {
    if (compression == Compression::gz) return "gzip";
    return compression == Compression::xz ? "xz" : "zstd";
}

}  // namespace

TEST_CASE("a file of frames is what gzip, xz and zstd read", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::xz, Compression::zst);
    const std::vector<std::string> texts{"", "one\n", noise(500'000), std::string(3'000'000, 'a'), "end\n"};
    std::string whole;
    for (const auto& text : texts) whole += text;
    std::vector<std::uint64_t> lengths;
    const std::string bytes = frames_of(compression, texts, &lengths);
    const auto result = base::run_process({program_of(compression), "-dc"}, bytes);
    CHECK(result.exit_code == 0);
    CHECK(result.standard_output == whole);
    CHECK(unpack_file(compression, bytes, whole.size()) == whole);
    std::uint64_t offset = bytes_before_frames(compression);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CHECK(unpack_frame(compression, std::string_view(bytes).substr(offset, lengths[i]),
                           texts[i].size()) == texts[i]);
        offset += lengths[i];
    }
    CHECK((compression == Compression::xz ? offset < bytes.size() : offset == bytes.size()));
}

TEST_CASE("a frame depends on its text alone", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::xz, Compression::zst);
    const std::string text = noise(200'000);
    std::vector<std::uint64_t> alone;
    std::vector<std::uint64_t> after;
    const std::string one = frames_of(compression, {text}, &alone);
    const std::string two = frames_of(compression, {std::string(70'000, 'x'), text}, &after);
    const std::uint64_t begin = bytes_before_frames(compression);
    CHECK(one.substr(begin, alone[0]) == two.substr(begin + after[0], after[1]));
}

TEST_CASE("a file of copied frames equals one that was compressed", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::xz, Compression::zst);
    std::vector<std::uint64_t> lengths;
    const std::string source = frames_of(compression, {"first\n", noise(90'000), "", "last\n"}, &lengths);
    std::string copy;
    FrameWriter writer(compression, [&](std::string_view part) { copy += part; });
    std::uint64_t offset = bytes_before_frames(compression);
    for (const std::uint64_t length : lengths) {
        writer.add_frame(std::string_view(source).substr(offset, length));
        offset += length;
    }
    writer.add_frame({});
    writer.finish_file();
    CHECK(copy == source);
}

TEST_CASE("an xz file is one stream with one block for each frame", "[frames]") {
    const std::string bytes = frames_of(Compression::xz, {"one\n", noise(5000), "three\n"});
    const testing::TemporaryDirectory directory;
    const std::string path = directory.path() + "/file.xz";
    std::ofstream(path, std::ios::binary) << bytes;
    const auto tested = base::run_process({"xz", "-t", path}, "");
    CHECK(tested.exit_code == 0);
    const auto listed = base::run_process({"xz", "--robot", "--list", path}, "");
    CHECK(listed.standard_output.find("file\t1\t3\t") != std::string::npos);  // streams, blocks
    for (std::size_t length = bytes.size() - 1; length > bytes.size() - 20; --length) {
        CHECK_THROWS_AS(unpack_file(Compression::xz, std::string_view(bytes).substr(0, length), 20'000),
                        base::Error);
    }
    CHECK_THROWS_AS(unpack_file(Compression::xz, bytes + bytes, 20'000), base::Error);
}

TEST_CASE("bytes that are no whole xz block are not copied into a stream", "[frames]") {
    std::vector<std::uint64_t> lengths;
    const std::string bytes = frames_of(Compression::xz, {"a block of text\n"}, &lengths);
    const std::string block = bytes.substr(bytes_before_frames(Compression::xz), lengths[0]);
    FrameWriter writer(Compression::xz, [](std::string_view) {});
    CHECK_THROWS_AS(writer.add_frame(std::string_view(block).substr(0, block.size() - 4)), base::Error);
    CHECK_THROWS_AS(writer.add_frame(block + "more"), base::Error);
    CHECK_THROWS_AS(writer.add_frame(std::string(40, '\0')), base::Error);
    std::string bent = block;
    bent[2] = static_cast<char>(bent[2] ^ 1);
    CHECK_THROWS_AS(writer.add_frame(bent), base::Error);
}

TEST_CASE("truncated, damaged and bursting frames are refused", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::xz, Compression::zst);
    const std::string text(100'000, 't');
    std::vector<std::uint64_t> lengths;
    const std::string file = frames_of(compression, {text, noise(1000)}, &lengths);
    std::string bytes = file.substr(bytes_before_frames(compression) + lengths[0], lengths[1]);
    for (std::size_t length = bytes.size() - 1; length > bytes.size() - 20; --length) {
        CHECK_THROWS_AS(unpack_frame(compression, std::string_view(bytes).substr(0, length), 200'000),
                        base::Error);
    }
    CHECK_THROWS_AS(unpack_file(compression, file, text.size()),
                    base::Error);  // one byte over the limit is too much
    CHECK_THROWS_AS(unpack_frame(compression, bytes, 999), base::Error);
    CHECK_THROWS_AS(unpack_frame(compression, bytes + "more", 200'000), base::Error);
    CHECK_THROWS_AS(unpack_frame(compression, bytes + bytes, 999), base::Error);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    CHECK_THROWS_AS(unpack_frame(compression, bytes, 200'000), base::Error);
}

TEST_CASE("text that fills the unpacking buffer exactly comes out whole", "[frames]") {
    const auto compression = GENERATE(Compression::gz, Compression::xz, Compression::zst);
    for (const std::size_t size : {65535U, 65536U, 65537U, 131072U}) {
        const std::string text(size, 'q');
        const std::string bytes = pack_file(compression, text);
        CHECK(unpack_file(compression, bytes, size) == text);
        std::vector<std::uint64_t> lengths;
        const std::string file = frames_of(compression, {text}, &lengths);
        CHECK(unpack_frame(compression, file.substr(bytes_before_frames(compression), lengths[0]), size) ==
              text);
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
    const Package copy = package_from_bytes(to_bytes(package));
    CHECK(to_bytes(copy) == to_bytes(package));
    CHECK(copy.size == package.size);
    CHECK(copy.index.at("primary").after == "\"/>\n");
    CHECK_THROWS_AS(package_from_bytes("{\"format\":\"deb\"}"), base::Error);
}

}  // namespace repotool::formats
