// SPDX-License-Identifier: GPL-3.0-or-later
// Metadata that RPM repositories pass through, from one generation to the next.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "repotool/inspect/verify.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {
namespace {

using formats::Compression;

ExtraCandidate advisory(const std::string& id) {
    const std::string text =
        "<updates>\n<update from=\"a@example.org\" status=\"final\" type=\"bugfix\" version=\"1\">"
        "<id>" +
        id + "</id><title>t</title><pkglist/></update>\n</updates>\n";
    return {"updateinfo", formats::rpm::merge_extra("updateinfo", "", text), "test", "el9"};
}

// Publishes these extras and no package.
void publish_extras(SmallRepository& repository, const std::vector<ExtraCandidate>& extras) {
    repository.publish_plans([&](const store::GenerationReader* parent) {
        SetPlan plan = repository.plan_of(kX86, {}, parent);
        for (const auto& extra : extras) plan.extras.push_back(&extra);
        return std::vector<SetPlan>{plan};
    });
}

std::string stored_extra(SmallRepository& repository, const std::string& type) {
    for (const auto& extra : repository.current_set(kX86).extras) {
        if (extra.type != type) continue;
        return fs::read_file(repository.filesystem(),
                             "public/meta/stable/" + store::extra_path("el9", "x86_64", extra));
    }
    return {};
}

std::vector<std::string> listed_types(SmallRepository& repository) {
    std::vector<std::string> types;
    for (const auto& record :
         formats::rpm::read_repomd(repository.pointer("pin/el9/x86_64/repodata/repomd.xml")).records)
        types.push_back(record.type + " " + record.location.substr(record.location.find('-') + 1));
    return types;
}

}  // namespace

TEST_CASE("passed-through metadata is listed, packed where its readers unpack it, and kept", "[extras]") {
    SmallRepository repository;
    repository.publish(kX86, 0, 3);
    publish_extras(repository, {advisory("A-1"), {"productid", "-----BEGIN CERTIFICATE-----\n", "t", "el9"}});
    CHECK(repository.built[0].rendered.empty());
    const std::vector<std::string> types{"primary primary.xml.gz", "filelists filelists.xml.gz",
                                         "other other.xml.gz", "productid productid",
                                         "updateinfo updateinfo.xml.gz"};
    CHECK(listed_types(repository) == types);
    repository.publish(kX86, 3, 4);
    CHECK(listed_types(repository) == types);
    CHECK(stored_extra(repository, "productid") == "-----BEGIN CERTIFICATE-----\n");
    const auto unpacked = base::run_process({"gzip", "-dc"}, stored_extra(repository, "updateinfo"));
    CHECK(unpacked.standard_output.find("<id>A-1</id>") != std::string::npos);
    const auto report = verify_generation(repository.filesystem(), "public", "stable", Depth::full);
    CHECK(report.findings.empty());
}

TEST_CASE("what comes later is merged with what is there, and what replaces it keeps one", "[extras]") {
    SmallRepository repository;
    repository.publish(kX86, 0, 3);
    publish_extras(repository, {advisory("A-1"), advisory("A-2")});
    publish_extras(repository, {advisory("A-3"), advisory("A-1")});
    const auto unpacked = base::run_process({"gzip", "-dc"}, stored_extra(repository, "updateinfo"));
    for (const char* id : {"<id>A-1</id>", "<id>A-2</id>", "<id>A-3</id>"}) {
        const auto place = unpacked.standard_output.find(id);
        REQUIRE(place != std::string::npos);
        CHECK(unpacked.standard_output.find(id, place + 1) == std::string::npos);
    }
}

TEST_CASE("a change of the compression packs passed-through metadata anew", "[extras]") {
    SmallRepository repository;
    repository.publish(kX86, 0, 3);
    publish_extras(repository, {advisory("A-1")});
    repository.config.metadata.compress = {Compression::xz, Compression::gz};
    repository.publish(kX86, 3, 4);
    CHECK(listed_types(repository).back() == "updateinfo updateinfo.xml.xz");
    const auto unpacked = base::run_process({"xz", "-dc"}, stored_extra(repository, "updateinfo"));
    CHECK(unpacked.standard_output.find("<id>A-1</id>") != std::string::npos);
}

TEST_CASE("damaged metadata of the parent is not merged into the next", "[extras]") {
    SmallRepository repository;
    repository.publish(kX86, 0, 3);
    publish_extras(repository, {advisory("A-1")});
    const auto extra = repository.current_set(kX86).extras.at(0);
    const std::string path = "public/meta/stable/" + store::extra_path("el9", "x86_64", extra);
    repository.filesystem().remove(path);
    fs::write_new_file(repository.filesystem(), path, std::string(extra.size, 'x'), 0644, 0, fs::Durable::no);
    CHECK_THROWS_AS(publish_extras(repository, {advisory("A-2")}), base::Error);
    CHECK_FALSE(
        verify_generation(repository.filesystem(), "public", "stable", Depth::normal).findings.empty());
}

}  // namespace repotool::publisher
