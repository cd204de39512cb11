// SPDX-License-Identifier: GPL-3.0-or-later
// Contents-<arch>, line by line and from one generation to the next.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/contents_check.hpp"
#include "repotool/index/contents_lines.hpp"
#include "repotool/inspect/verify.hpp"
#include "tests/unit/repotool/small_repository.hpp"

namespace repotool::publisher {
namespace {

using Model = std::map<std::string, std::set<std::string>>;

// What an edit makes, as chunks of text.
struct Chunks : ContentsSink {
    explicit Chunks(const Chunks* before) : parent(before) {}
    void copy_chunk(std::size_t place) override {
        list.push_back(parent->list.at(place));
        texts.push_back(parent->texts.at(place));
        ++copied;
    }
    void write_chunk(const store::ChunkReference& reference, const std::string& text) override {
        CHECK(reference.sha256 == base::sha256_hex(text));
        list.push_back(reference);
        texts.push_back(text);
    }
    std::string whole() const {
        std::string text;
        for (const auto& part : texts) text += part;
        return text;
    }
    const Chunks* parent;
    store::ChunkList list;
    std::vector<std::string> texts;
    std::size_t copied = 0;
};

std::string render(const Model& model) {
    std::string text;
    for (const auto& [path, packages] : model) {
        text += path;
        char separator = ' ';
        for (const auto& package : packages) {
            text += separator + package;
            separator = ',';
        }
        text += "\n";
    }
    return text;
}

Chunks edit(const Chunks* parent, const std::vector<ContentsEdit>& edits) {
    Chunks chunks(parent);
    edit_contents(
        parent == nullptr ? store::ChunkList{} : parent->list, edits,
        [&](std::size_t place) { return parent->texts.at(place); }, chunks);
    return chunks;
}

Chunks at_once(const Model& model) {
    std::vector<ContentsEdit> edits;
    for (const auto& [path, packages] : model) {
        for (const auto& package : packages) edits.push_back({path, package, ContentsChange::add});
    }
    return edit(nullptr, edits);
}

// One random step: edits that make sense for `model`, and what it is after them.
std::vector<ContentsEdit> random_edits(std::mt19937& random, Model& model, std::deque<std::string>& kept) {
    std::map<std::string, std::map<std::string, ContentsChange>> wanted;
    const auto count = random() % 4 == 0 ? 2000U : random() % 5U;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string path = fmt::format("usr/share/{}/f {}", random() % 40, random() % 300);
        const std::string package = fmt::format("misc/p{}", random() % 6);
        const bool there = model.contains(path) && model[path].contains(package);
        wanted[path].emplace(package, there ? ContentsChange::remove : ContentsChange::add);
    }
    std::vector<ContentsEdit> edits;
    for (const auto& [path, packages] : wanted) {
        for (const auto& [package, change] : packages) {
            kept.push_back(path);
            const std::string_view path_view = kept.back();
            kept.push_back(package);
            edits.push_back({path_view, kept.back(), change});
            if (change == ContentsChange::add) model[path].insert(package);
            if (change == ContentsChange::remove) model[path].erase(package);
        }
        if (model[path].empty()) model.erase(path);
    }
    return edits;
}

void give_paths(SmallRepository& repository, const store::Record& record, const std::string& paths,
                const std::string& section = "misc/") {
    repository.packages.at(record.sha256).index["Contents"] = {paths, section + record.name};
}

std::string contents(SmallRepository& repository, const SetName& set = kAmd64) {
    return base::run_process({"gzip", "-dc"}, repository.stored(set, "Contents", "gz")).standard_output;
}

std::vector<std::string> problems(SmallRepository& repository) {
    std::vector<std::string> found;
    for (const auto& finding :
         verify_generation(repository.filesystem(), "public", "stable", Depth::full).findings)
        found.push_back(finding.path + ": " + finding.problem);
    return found;
}

// The same package in another version.
store::Record other_version(SmallRepository& repository, unsigned number, const std::string& version) {
    store::Record record = repository.record(kAmd64, 1000 + number);
    record.name = fmt::format("package-{}", number);
    record.version = version;
    auto& index = repository.packages.at(record.sha256).index["Packages"];
    index.before =
        fmt::format("Package: {}\nVersion: {}\nArchitecture: amd64\nFilename: ", record.name, version);
    return record;
}

void enable(SmallRepository& repository) {
    repository.config.metadata.contents = true;
}

}  // namespace

TEST_CASE("edited lines are those that would be written at once, and far chunks are copied", "[contents]") {
    std::mt19937 random(7);  // NOLINT: the same each time
    Model model;
    for (unsigned i = 0; i < 9000; ++i) model[fmt::format("usr/share/{}/f {}", i % 40, i / 40)] = {"misc/p1"};
    Chunks current = at_once(model);
    CHECK(current.whole() == render(model));
    std::deque<std::string> kept;
    for (int step = 0; step < 60; ++step) {
        const auto edits = random_edits(random, model, kept);
        const Chunks next = edit(&current, edits);
        const Chunks expected = at_once(model);
        REQUIRE(next.whole() == render(model));
        REQUIRE(next.texts == expected.texts);
        if (edits.size() == 1) CHECK(next.copied + 2 >= current.list.size());
        current = next;
    }
}

TEST_CASE("lines that nobody writes are refused", "[contents]") {
    for (const char* text : {"path misc/a", "nopackage\n", " misc/a\n", "path \n", "\n"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(read_contents(text), base::Error);
    }
    const auto lines = read_contents("a path  with spaces misc/a,net/b\n");
    CHECK(lines.at(0).path == "a path  with spaces");
    CHECK(lines.at(0).packages == std::vector<std::string_view>{"misc/a", "net/b"});
}

TEST_CASE("lines of a package that the set does not have are damage", "[contents]") {
    const std::string text = "usr/a misc/one,net/two\n";
    CHECK_NOTHROW(check_contents_packages(text, {"one", "two", "three"}));
    CHECK_THROWS_AS(check_contents_packages(text, {"one"}), base::Error);
}

TEST_CASE("Contents lists the paths of each package, for machines and the installer", "[contents]") {
    SmallRepository repository;
    enable(repository);
    give_paths(repository, repository.record(kAmd64, 1), "bin/b\nusr/a\n");
    give_paths(repository, repository.record(kAmd64, 2), "usr/a\nusr/c d\n", "net/");
    give_paths(repository, repository.record(kInstaller, 1), "sbin/i\n", "debian-installer/");
    repository.publish({{kAmd64, repository.edits(kAmd64, 1, 3)},
                        {kInstaller, repository.edits(kInstaller, 1, 2)},
                        {kSources, repository.edits(kSources, 1, 2)}});
    CHECK(contents(repository) ==
          "bin/b misc/package-1\nusr/a misc/package-1,net/package-2\nusr/c d net/package-2\n");
    CHECK(contents(repository, kInstaller) == "sbin/i debian-installer/package-1\n");
    const std::string release = repository.pointer("dists/bookworm/Release");
    for (const char* name :
         {"main/Contents-amd64\n", "main/Contents-amd64.gz\n", "main/Contents-udeb-amd64.gz\n"})
        CHECK(release.find(name) != std::string::npos);
    CHECK(release.find("Contents-source") == std::string::npos);
    const std::string generation = "public/gen/stable/1/dists/bookworm/main/";
    const auto set = repository.current_set(kAmd64);
    CHECK(repository.filesystem().read_link(generation + "Contents-amd64.gz") ==
          "by-hash/SHA256/" + set.find_index("Contents", "gz")->sha256);
    CHECK(problems(repository).empty());
}

TEST_CASE("a path keeps its package as long as one version has it", "[contents]") {
    SmallRepository repository;
    enable(repository);
    const store::Record old = repository.record(kAmd64, 1);
    const store::Record newer = other_version(repository, 1, "2.0-1");
    give_paths(repository, old, "usr/both\nusr/old\n");
    give_paths(repository, newer, "usr/both\nusr/new\n");
    repository.publish({{kAmd64, {{record_key(old), old}}}});
    repository.publish({{kAmd64, {{record_key(newer), newer}}}});
    CHECK(contents(repository) ==
          "usr/both misc/package-1\nusr/new misc/package-1\nusr/old misc/package-1\n");
    repository.publish({{kAmd64, {{record_key(old), std::nullopt}}}});
    CHECK(contents(repository) == "usr/both misc/package-1\nusr/new misc/package-1\n");
    repository.publish({{kAmd64, {{record_key(newer), std::nullopt}}}});
    CHECK(contents(repository).empty());
    CHECK(problems(repository).empty());
}

TEST_CASE("Contents that grew step by step equals one built at once", "[contents]") {
    const auto paths = [](unsigned number) {
        std::string text;
        for (unsigned i = 0; i < 40; ++i)
            text += fmt::format("usr/share/{}/{}\n", (number + i * 7) % 97, number / 3);
        return text;
    };
    const auto prepare = [&](SmallRepository& repository) {
        enable(repository);
        repository.config.metadata.compress = {formats::Compression::xz, formats::Compression::gz};
        for (unsigned i = 0; i < 400; ++i) give_paths(repository, repository.record(kAmd64, i), paths(i));
    };
    SmallRepository grown;
    prepare(grown);
    grown.publish(kAmd64, 0, 200);
    grown.publish(kAmd64, 200, 399, {7, 100});
    grown.publish(kAmd64, 399, 400);
    CHECK(grown.built[0].contents->rendered.size() < grown.built[0].contents->lines.size());
    grown.forget_texts();
    grown.publish(kAmd64, 7, 8);
    grown.publish(kAmd64, 100, 101);
    SmallRepository built;
    prepare(built);
    built.publish(kAmd64, 0, 400);
    const auto digests = [](SmallRepository& repository) {
        const auto set = repository.current_set(kAmd64);
        return repository.digests(kAmd64) + set.contents->lines.sha256 + set.contents->frames.sha256;
    };
    CHECK(digests(grown) == digests(built));
    CHECK(problems(grown).empty());
}

TEST_CASE("Contents stays the same file where no path changes", "[contents]") {
    SmallRepository repository;
    enable(repository);
    const store::Record old = repository.record(kAmd64, 1);
    const store::Record newer = other_version(repository, 1, "2.0-1");
    give_paths(repository, old, "usr/a\n");
    give_paths(repository, newer, "usr/a\n");
    repository.publish({{kAmd64, {{record_key(old), old}}}});
    const store::SetEntry before = repository.current_set(kAmd64);
    repository.publish({{kAmd64, {{record_key(old), std::nullopt}, {record_key(newer), newer}}}});
    const auto after = repository.current_set(kAmd64);
    CHECK(after.contents->frames == before.contents->frames);
    CHECK(after.find_index("Contents", "gz")->sha256 == before.find_index("Contents", "gz")->sha256);
    CHECK(repository.filesystem().status(store::layout::text_directory("stable") + "/" +
                                         after.find_index("Contents", "none")->sha256));
    CHECK(problems(repository).empty());
}

TEST_CASE("Contents is switched on for packages that are there, and off again", "[contents]") {
    SmallRepository repository;
    for (unsigned i = 0; i < 3; ++i)
        give_paths(repository, repository.record(kAmd64, i), fmt::format("usr/{}\n", i));
    repository.publish(kAmd64, 0, 3);
    CHECK(repository.current_set(kAmd64).find_index("Contents", "gz") == nullptr);
    enable(repository);
    repository.publish({});
    CHECK(contents(repository) == "usr/0 misc/package-0\nusr/1 misc/package-1\nusr/2 misc/package-2\n");
    repository.config.metadata.compress = {formats::Compression::gz, formats::Compression::xz};
    repository.publish({});
    CHECK(repository.current_set(kAmd64).find_index("Contents", "xz") != nullptr);
    CHECK(problems(repository).empty());
    repository.config.metadata.contents = false;
    repository.publish({});
    CHECK(repository.pointer("dists/bookworm/Release").find("Contents") == std::string::npos);
    CHECK_FALSE(repository.current_set(kAmd64).contents.has_value());
}

TEST_CASE("a damaged cache of a Contents text changes nothing", "[contents]") {
    SmallRepository repository;
    enable(repository);
    give_paths(repository, repository.record(kAmd64, 0), "usr/a\nusr/b\nusr/c\n");
    give_paths(repository, repository.record(kAmd64, 1), "usr/d\n");
    repository.publish(kAmd64, 0, 1);
    repository.damage_texts();
    repository.publish(kAmd64, 1, 2);
    CHECK(contents(repository).starts_with("usr/a misc/package-0\nusr/b "));
    CHECK(problems(repository).empty());
}

}  // namespace repotool::publisher
