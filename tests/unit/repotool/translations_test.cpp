// SPDX-License-Identifier: GPL-3.0-or-later
// Translation-en follows from the sets of its component, however these change.
#include <catch2/catch.hpp>

#include "core/base/digest.hpp"
#include "core/base/subprocess.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/inspect/verify.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {
namespace {

const SetName kArm64{formats::Format::deb, "bookworm", "main", "arm64"};

std::string translation(SmallRepository& repository) {
    const auto reader = repository.current();
    const auto& set = reader.find_format("deb")->translations.at(0);
    const std::string path =
        "public/meta/stable/" + store::index_path(set, *set.find_index("Translation-en", "gz"));
    return base::run_process({"gzip", "-dc"}, fs::read_file(repository.filesystem(), path)).standard_output;
}

std::string packages(SmallRepository& repository) {
    return base::run_process({"gzip", "-dc"}, repository.stored(kAmd64, "Packages", "gz")).standard_output;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t number = 0;
    for (auto place = text.find(part); place != std::string::npos; place = text.find(part, place + 1))
        ++number;
    return number;
}

// A package that is in the sets of both architectures.
store::Record for_all(SmallRepository& repository, unsigned number) {
    store::Record record = repository.record(kAmd64, number);
    auto& package = repository.packages[record.sha256];
    std::string& before = package.index["Packages"].before;
    if (const auto place = before.find("amd64"); place != std::string::npos) before.replace(place, 5, "all");
    record.architecture = "all";
    return record;
}

std::string everything(SmallRepository& repository) {
    const auto reader = repository.current();
    std::string text;
    for (const auto* set : reader.find_format("deb")->all_sets()) {
        text += set->architecture + " " + set->chunks.sha256 + " " + set->frames.sha256 + "\n";
        for (const auto& index : set->indexes) text += index.name + index.compression + index.sha256 + "\n";
    }
    return text;
}

std::vector<std::string> problems(SmallRepository& repository) {
    std::vector<std::string> found;
    for (const auto& finding :
         verify_generation(repository.filesystem(), "public", "stable", Depth::full).findings)
        found.push_back(finding.path + ": " + finding.problem);
    return found;
}

}  // namespace

TEST_CASE("with translations Packages keeps the synopsis and Translation-en has the whole",
          "[translations]") {
    SmallRepository repository;
    repository.config.metadata.translations = true;
    const store::Record record = repository.record(kAmd64, 1);
    repository.packages[record.sha256].index["Packages"].after =
        "\nSize: " + std::to_string(record.size) + "\nSHA256: " + record.sha256 +
        "\nDescription: a synopsis\n Long text.\n .\n More.\nHomepage: https://example.org\n\n";
    repository.publish(kAmd64, 1, 2);
    const std::string digest = base::md5_hex("a synopsis\n Long text.\n .\n More.\n");
    CHECK(packages(repository).find("Description: a synopsis\nDescription-md5: " + digest + "\nHomepage") !=
          std::string::npos);
    CHECK(translation(repository) == "Package: package-1\nDescription-md5: " + digest +
                                         "\nDescription-en: a synopsis\n Long text.\n .\n More.\n\n");
    const std::string release = repository.pointer("dists/bookworm/Release");
    CHECK(release.find(" main/i18n/Translation-en\n") != std::string::npos);
    CHECK(release.find(" main/i18n/Translation-en.gz\n") != std::string::npos);
    CHECK(release.find("Architectures: amd64\n") != std::string::npos);
    CHECK(problems(repository).empty());
}

TEST_CASE("translations that grew step by step equal those built at once", "[translations]") {
    SmallRepository grown;
    grown.config.metadata.translations = true;
    grown.publish({{kAmd64, grown.edits(kAmd64, 0, 300)}, {kArm64, grown.edits(kArm64, 200, 400)}});
    grown.publish(kAmd64, 300, 500, {7, 250});
    CHECK(grown.built.back().entry.architecture == store::layout::kTranslations);
    grown.publish(kArm64, 400, 401, {250});
    CHECK(grown.built.back().rendered.size() <= 3);
    grown.forget_texts();
    grown.publish(kAmd64, 250, 251);
    grown.publish(kSources, 0, 3);
    SmallRepository built;
    built.config.metadata.translations = true;
    auto amd64 = built.edits(kAmd64, 0, 7);
    amd64.merge(built.edits(kAmd64, 8, 500));
    auto arm64 = built.edits(kArm64, 200, 250);
    arm64.merge(built.edits(kArm64, 251, 401));
    built.publish({{kAmd64, amd64}, {kArm64, arm64}, {kSources, built.edits(kSources, 0, 3)}});
    CHECK(everything(grown) == everything(built));
    CHECK(problems(grown).empty());
}

TEST_CASE("a package for all architectures is translated until the last one drops it", "[translations]") {
    SmallRepository repository;
    repository.config.metadata.translations = true;
    const store::Record record = for_all(repository, 5);
    const store::ChunkEdits add{{record_key(record), record}};
    const store::ChunkEdits drop{{record_key(record), std::nullopt}};
    repository.publish({{kAmd64, add}, {kArm64, add}});
    CHECK(count(translation(repository), "Package: package-5\n") == 1);
    repository.publish({{kAmd64, drop}});
    CHECK(count(translation(repository), "Package: package-5\n") == 1);
    repository.publish({{kArm64, drop}});
    CHECK(translation(repository).empty());
}

TEST_CASE("switching translations on and off writes every set of the component again", "[translations]") {
    SmallRepository switched;
    SmallRepository plain;
    for (auto* repository : {&switched, &plain})
        repository->publish({{kAmd64, repository->edits(kAmd64, 0, 200)},
                             {kArm64, repository->edits(kArm64, 0, 200)},
                             {kInstaller, repository->edits(kInstaller, 0, 20)}});
    const std::string before = everything(switched);
    CHECK(before == everything(plain));
    switched.config.metadata.translations = true;
    switched.publish(kInstaller, 20, 21);  // nothing of what is split
    CHECK(packages(switched).find("Description-md5: ") != std::string::npos);
    CHECK(problems(switched).empty());
    SmallRepository from_the_start;
    from_the_start.config.metadata.translations = true;
    from_the_start.publish({{kAmd64, from_the_start.edits(kAmd64, 0, 200)},
                            {kArm64, from_the_start.edits(kArm64, 0, 200)},
                            {kInstaller, from_the_start.edits(kInstaller, 0, 21)}});
    CHECK(everything(switched) == everything(from_the_start));
    switched.config.metadata.translations = false;
    switched.publish({});
    plain.publish(kInstaller, 20, 21);
    CHECK(everything(switched) == everything(plain));
    CHECK(switched.pointer("dists/bookworm/Release").find("i18n") == std::string::npos);
}

TEST_CASE("a change of settings reaches sets that no package touches", "[translations]") {
    SmallRepository repository;
    repository.publish({{kAmd64, repository.edits(kAmd64, 0, 5)}, {kX86, repository.edits(kX86, 0, 5)}});
    repository.publish({});
    CHECK(repository.built.empty());
    repository.config.metadata.compress = {formats::Compression::xz};
    repository.config.metadata.sha512 = true;
    repository.publish({});
    CHECK(repository.built.size() == 2);
    CHECK(repository.current_set(kX86).find_index("primary", "xz") != nullptr);
    CHECK(repository.current_set(kAmd64).find_index("Packages", "gz") == nullptr);
    CHECK(problems(repository).empty());
}

}  // namespace repotool::publisher
