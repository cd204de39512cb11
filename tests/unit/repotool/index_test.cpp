// SPDX-License-Identifier: GPL-3.0-or-later
// I11 and I10: an index that grew step by step is the same, byte for byte, as one that was built at once.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/text_collector.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {

using formats::Compression;

namespace {

// All that costs room and is off by default.
MetadataConfig everything() {
    MetadataConfig metadata;
    metadata.compress = {Compression::xz, Compression::gz, Compression::zst};
    metadata.sha512 = true;
    return metadata;
}

}  // namespace

TEST_CASE("an index that grew step by step equals one built at once", "[index]") {
    const auto set = GENERATE(kAmd64, kX86, kSources, kInstaller);
    const auto metadata = GENERATE(MetadataConfig{}, everything());
    SmallRepository grown;
    grown.config.metadata = metadata;
    grown.publish(set, 0, 400);
    grown.publish(set, 900, 1000);
    grown.publish(set, 400, 401, {7, 950});
    CHECK(grown.built[0].rendered.size() <= 8);
    grown.forget_texts();  // a cache: the next publish unpacks the published index
    grown.publish(set, 401, 900);
    grown.publish(set, 7, 8, {});
    grown.publish(set, 950, 951, {});
    SmallRepository built;
    built.config.metadata = metadata;
    built.publish(set, 0, 1000);
    CHECK(grown.digests(set) == built.digests(set));
}

TEST_CASE("a set that lost all its packages has valid empty indexes", "[index]") {
    const auto set = GENERATE(kAmd64, kX86);
    const auto [compression, program] =
        GENERATE(std::pair(Compression::gz, "gzip"), std::pair(Compression::xz, "xz"),
                 std::pair(Compression::zst, "zstd"));
    SmallRepository repository;
    repository.config.metadata.compress = {compression};
    repository.publish(set, 0, 3);
    repository.publish(set, 3, 3, {0, 1, 2});
    CHECK(repository.current_set(set).packages == 0);
    const bool deb = set.format == formats::Format::deb;
    const std::string bytes =
        repository.stored(set, deb ? "Packages" : "primary", formats::compression_name(compression));
    const auto unpacked = base::run_process({program, "-dc"}, bytes);
    CHECK(unpacked.exit_code == 0);
    const std::string text = unpacked.standard_output;
    CHECK(text.empty() == deb);
    if (!deb) CHECK(text.find("packages=\"0\"") != std::string::npos);
    repository.publish(set, 5, 6);
    CHECK(repository.current_set(set).packages == 1);
}

TEST_CASE("a compression that is switched on later is made from the text", "[index]") {
    SmallRepository later;
    later.config.metadata.compress = {Compression::gz};
    later.publish(kAmd64, 0, 500);
    later.config.metadata.compress = {Compression::gz, Compression::zst};
    later.publish(kAmd64, 500, 600);
    SmallRepository from_the_start;
    from_the_start.publish(kAmd64, 0, 600);
    CHECK(later.digests(kAmd64) == from_the_start.digests(kAmd64));
}

TEST_CASE("the next xz index has the blocks of the one before", "[index]") {
    SmallRepository repository;
    repository.config.metadata.compress = {Compression::xz};
    repository.publish(kAmd64, 0, 2000);
    const std::string before = repository.stored(kAmd64, "Packages", "xz");
    const auto table = repository.current().frame_table(repository.current_set(kAmd64));
    repository.publish(kAmd64, 2000, 2001);
    const std::string after = repository.stored(kAmd64, "Packages", "xz");
    std::uint64_t offset = formats::bytes_before_frames(Compression::xz);
    std::size_t found = 0;
    const auto& lengths = table.find("Packages")->stored.at("xz");
    for (const std::uint64_t length : lengths) {
        if (length > 0 && after.find(before.substr(offset, length)) != std::string::npos) ++found;
        offset += length;
    }
    CHECK(found + 2 >= lengths.size() - 2);  // all chunks but those that the new package reaches
    CHECK(repository.built[0].rendered.size() <= 2);
    const auto unpacked = base::run_process({"xz", "-dc"}, after);
    CHECK(unpacked.exit_code == 0);
    CHECK(unpacked.standard_output.find("Package: package-2000\n") != std::string::npos);
}

TEST_CASE("with SHA-512 each stored index has that name too, and Release lists it", "[index]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 10);
    CHECK(repository.pointer("dists/bookworm/Release").find("SHA512:") == std::string::npos);
    repository.config.metadata.sha512 = true;
    repository.publish(kAmd64, 10, 11);
    const std::string release = repository.pointer("dists/bookworm/Release");
    const std::string section = release.substr(release.find("SHA512:"));
    const store::SetEntry set = repository.current_set(kAmd64);
    for (const auto& index : set.indexes) {
        CHECK(section.find(" " + index.sha512 + " ") != std::string::npos);
        if (index.compression == "none") continue;
        const std::string directory = "public/meta/stable/dists/bookworm/main/binary-amd64/by-hash/";
        CHECK(repository.filesystem().read_link(directory + "SHA512/" + index.sha512) ==
              "../SHA256/" + index.sha256);
        const auto program = base::run_process(
            {"sha512sum"}, fs::read_file(repository.filesystem(), directory + "SHA256/" + index.sha256));
        CHECK(program.standard_output.starts_with(index.sha512 + " "));
    }
    repository.config.metadata.sha512 = false;
    repository.publish(kAmd64, 11, 12);
    CHECK(repository.pointer("dists/bookworm/Release").find("SHA512:") == std::string::npos);
}

TEST_CASE("SHA-512 that is switched on reaches the indexes that no package touches", "[index]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 10);
    repository.config.metadata.sha512 = true;
    repository.publish(kSources, 0, 10);
    const std::string release = repository.pointer("dists/bookworm/Release");
    const std::string section = release.substr(release.find("SHA512:"));
    CHECK(section.find(" main/binary-amd64/Packages.gz\n") != std::string::npos);
    CHECK(section.find(" main/source/Sources.gz\n") != std::string::npos);
}

TEST_CASE("a damaged cache of texts changes nothing", "[index]") {
    SmallRepository repository, untouched;
    for (auto* one : {&repository, &untouched}) one->publish(kAmd64, 0, 300);
    repository.damage_texts();
    for (auto* one : {&repository, &untouched}) one->publish(kAmd64, 300, 301);
    CHECK(repository.digests(kAmd64) == untouched.digests(kAmd64));
}

TEST_CASE("a lost cache of texts changes nothing", "[index]") {
    SmallRepository repository, untouched;
    for (auto* one : {&repository, &untouched}) one->publish(kAmd64, 0, 300);
    repository.forget_texts();
    for (auto* one : {&repository, &untouched}) one->publish(kAmd64, 300, 301);
    CHECK(repository.digests(kAmd64) == untouched.digests(kAmd64));
}

TEST_CASE("many small changes leave few packs of text, and none that nobody needs", "[index]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 200);
    for (unsigned i = 0; i < 40; ++i) repository.publish(kAmd64, 200 + i, 201 + i);
    std::size_t packs = 0;
    for (const auto& name : repository.filesystem().list(store::layout::text_directory("stable")))
        packs += name.ends_with(".pack") ? 1 : 0;
    CHECK(packs > 1);
    CHECK(packs <= 17);
    CHECK(store::unused_texts(repository.filesystem()).empty());
    SmallRepository at_once;
    at_once.publish(kAmd64, 0, 240);
    CHECK(repository.digests(kAmd64) == at_once.digests(kAmd64));
}

TEST_CASE("the hash of a text is taken up wherever the change is", "[index]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 3000);
    for (const unsigned i : {1500U, 0U, 2999U, 1501U}) {
        const store::Record record = repository.record(kAmd64, i);
        repository.publish({{kAmd64, {{record_key(record), std::nullopt}}}});
        const std::string incremental = repository.digests(kAmd64);
        repository.forget_texts();
        repository.publish({{kAmd64, {{record_key(record), record}}}});
        repository.publish({{kAmd64, {{record_key(record), std::nullopt}}}});
        CHECK(repository.digests(kAmd64) == incremental);
        repository.publish({{kAmd64, {{record_key(record), record}}}});
    }
    SmallRepository at_once;
    at_once.publish(kAmd64, 0, 3000);
    CHECK(repository.digests(kAmd64) == at_once.digests(kAmd64));
}

TEST_CASE("Release lists sources and installer packages where apt looks for them", "[index]") {
    SmallRepository repository;
    repository.publish(
        {{kSources, repository.edits(kSources, 0, 3)}, {kInstaller, repository.edits(kInstaller, 0, 3)}});
    const std::string release = repository.pointer("dists/bookworm/Release");
    CHECK(release.find(" main/source/Sources\n") != std::string::npos);
    CHECK(release.find(" main/source/Sources.gz\n") != std::string::npos);
    CHECK(release.find(" main/debian-installer/binary-amd64/Packages.gz\n") != std::string::npos);
    CHECK(release.find("Architectures: amd64\n") != std::string::npos);
}

TEST_CASE("a dist with sources alone names no architecture", "[index]") {
    SmallRepository repository;
    repository.publish(kSources, 0, 3);
    const std::string release = repository.pointer("dists/bookworm/Release");
    CHECK(release.find("Architectures:") == std::string::npos);
    CHECK(release.find("Components: main\n") != std::string::npos);
}

TEST_CASE("a source package whose stanza names other files than its record is not published", "[index]") {
    SmallRepository repository;
    const store::Record record = repository.record(kSources, 1);
    auto& after = repository.packages[record.sha256].index["Sources"].after;
    after.replace(after.find(".tar"), 4, ".zip");
    CHECK_THROWS_AS(repository.publish(kSources, 0, 3), base::Error);
}

}  // namespace repotool::publisher
