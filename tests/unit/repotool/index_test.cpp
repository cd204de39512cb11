// SPDX-License-Identifier: GPL-3.0-or-later
// I11 and I10: an index that grew step by step is the same, byte for byte, as one that was built at once.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {

using formats::Compression;

TEST_CASE("an index that grew step by step equals one built at once", "[index]") {
    const auto set = GENERATE(kAmd64, kX86, kSources, kInstaller);
    SmallRepository grown;
    grown.publish(set, 0, 400);
    grown.publish(set, 900, 1000);
    grown.publish(set, 400, 401, {7, 950});
    CHECK(grown.built[0].new_chunks.size() <= 8);
    grown.forget_texts();  // a cache: the next publish unpacks the published index
    grown.publish(set, 401, 900);
    grown.publish(set, 7, 8, {});
    grown.publish(set, 950, 951, {});
    SmallRepository built;
    built.publish(set, 0, 1000);
    CHECK(grown.digests(set) == built.digests(set));
}

TEST_CASE("a set that lost all its packages has valid empty indexes", "[index]") {
    const auto set = GENERATE(kAmd64, kX86);
    SmallRepository repository;
    repository.publish(set, 0, 3);
    repository.publish(set, 3, 3, {0, 1, 2});
    CHECK(repository.current_set(set).packages == 0);
    const bool deb = set.format == formats::Format::deb;
    const std::string bytes = repository.stored(set, deb ? "Packages" : "primary", "gz");
    const std::string text = formats::unpack_frame(Compression::gz, bytes, 10000);
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

TEST_CASE("a cached text that does not belong to the published index is noticed", "[index]") {
    SmallRepository repository;
    repository.publish(kAmd64, 0, 300);
    const store::SetEntry set = repository.current_set(kAmd64);
    const std::string path = store::layout::open_text(set.find_index("Packages", "none")->sha256);
    std::string bytes = fs::read_file(repository.filesystem(), path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    fs::replace_file(repository.filesystem(), path, bytes, 0600);
    CHECK_THROWS_AS(repository.publish(kAmd64, 300, 301), base::Error);
    CHECK(store::make_symlink_head(repository.filesystem(), "public", "stable")->current() == 1U);
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
