// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/update.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {
namespace {

// Every complaint about `text`, one a line; "" where there is none.
std::string faults(const std::string& text) {
    try {
        parse_update(text, "u.yml");
        return {};
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::input);
        std::string all = error.what();
        for (const auto& other : error.also()) all += "\n" + other;
        return all;
    }
}

constexpr const char* kWhole = R"(---
notes: |-
  * the first point & more
  * the second: see #12
group: kilo
change: change-1234
packages: [./pool/, test/change-1234@3]
require: [install, systest]
builds:
   - id: apple-1.0-1.fc21
     source: koji
     repo: icehouse
     dist: fedora-20
     arch: x86_64, noarch ,src
   - {id: pear-2.0-2.el6, repo: havana, dist: epel-6, tag: el6_5, arch: [noarch]}
)";

struct Fault {
    const char* text;
    const char* place;
    const char* reason;
};
const std::vector<Fault> kFaults{
    {"", "u.yml", "the update is empty"},
    {"builds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:1:1", "an update needs 'notes'"},
    {"---\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:1", "an update needs 'notes'"},
    {"notes:\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:1:1", "expected a text, found nothing"},
    {"notes: \" \"\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:1:8", "found nothing"},
    {"notes: [a]\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:1:8", "expected a text, found a list"},
    {"notes: x\n", "u.yml:1:1", "an update needs 'builds'"},
    {"notes: x\nbuilds:\n", "u.yml:2:1", "at least one build"},
    {"notes: x\nbuilds: []\n", "u.yml:2:9", "at least one build"},
    {"notes: x\nbuilds: {id: a}\n", "u.yml:2:9", "expected a list, found a map"},
    {"notes: x\nbuilds: [hello]\n", "u.yml:2:10", "expected a map of keys and values, found 'hello'"},
    {"notes: x\nbuilds:\n  - \n", "u.yml:4:1", "expected a build"},
    {"notes: x\nbuilds: [{repo: r, dist: d}]\n", "u.yml:2:10", "a build needs 'id'"},
    {"notes: x\nbuilds: [{id: a-1-1, dist: d}]\n", "u.yml:2:10", "a build needs 'repo'"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r}]\n", "u.yml:2:10", "a build needs 'dist'"},
    {"notes: x\nbuilds: [{id: [a], repo: r, dist: d}]\n", "u.yml:2:15", "expected a text, found a list"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r/s, dist: d}]\n", "u.yml:2:28", "no slash"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: .., dist: d}]\n", "u.yml:2:28", "not allowed"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r, dist: .d}]\n", "u.yml:2:37", "not allowed"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r, dist: d, tag: ../t}]\n", "u.yml:2:45", "not allowed"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r, dist: d, arch: \",\"}]\n", "u.yml:2:46", "found none"},
    {"notes: x\nbuilds: [{id: a-1-1, repo: r, dits: d}]\n", "u.yml:2:31", "did you mean 'dist'"},
    {"notes: x\ncomment: y\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:1", "unknown key 'comment'"},
    {"notes: x\nnotes: y\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:1",
     "the key 'notes' is there twice"},
    {"notes: x\nbuilds: [{id: a-1-1, id: b-1-1, repo: r, dist: d}]\n", "u.yml:2:22",
     "the key 'id' is there twice"},
    {"notes: x\ngroup: a/b\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:8", "no slash, found 'a/b'"},
    {"notes: x\ngroup: a\\b\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:8", "no slash"},
    {"notes: x\ngroup: ..\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:8", "not allowed"},
    {"notes: x\nchange: a//b\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:9", "not allowed"},
    {"notes: x\npackages: a\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:11", "expected a list"},
    {"notes: x\npackages: [/etc]\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:12", "neither a path"},
    {"notes: x\npackages: [a/../../b]\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:12",
     "neither a path"},
    {"notes: x\nrequire: systest\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:10",
     "expected a list"},
    {"notes: &n x\nbuilds: [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:1:8", "anchors"},
    {"notes: x\nbuilds: &b [{id: a-1-1, repo: r, dist: d}]\n", "u.yml:2:9", "anchors"},
    {"notes: x\nbuilds: *b\n", "u.yml:2:9", "anchors"},
    {"notes: x\n--- \nbuilds: []\n", "u.yml:3:1", "several"},
    {"notes: x\nbuilds: [\n", "u.yml:3:1", ""},
};

}  // namespace

TEST_CASE("an update has rdoupdate's keys and ours", "[update]") {
    const Update update = parse_update(kWhole, "ready/u.yml");
    CHECK(update.notes == "* the first point & more\n* the second: see #12");
    CHECK(update.group == "kilo");
    CHECK(update.change == "change-1234");
    CHECK(update.packages == std::vector<std::string>{"./pool", "test/change-1234@3"});
    CHECK(update.require == std::vector<std::string>{"install", "systest"});
    REQUIRE(update.builds.size() == 2);
    const Build& apple = update.builds[0];
    CHECK(apple.id + " " + apple.source + " " + apple.tag == "apple-1.0-1.fc21 koji ");
    CHECK(combination_text(apple.repo, apple.dist) == "icehouse/fedora-20");
    CHECK(apple.architectures == std::vector<std::string>{"x86_64", "noarch", "src"});
    CHECK(place_of(update, apple) == "ready/u.yml:10:6");
    CHECK(update.builds[1].tag == "el6_5");
    CHECK(update.builds[1].architectures == std::vector<std::string>{"noarch"});
}

TEST_CASE("every fault of an update is an input error with line and column", "[update]") {
    for (const Fault& fault : kFaults) {
        INFO(fault.text);
        const std::string found = faults(fault.text);
        CHECK_THAT(found, Catch::Contains(fault.place));
        CHECK_THAT(found, Catch::Contains(fault.reason));
    }
}

TEST_CASE("all faults of an update are told at once", "[update]") {
    const std::string found = faults("group: a/b\nnote: x\nbuilds:\n  - {id: a-1-1, repo: .r}\n  - hello\n");
    for (const char* place : {"u.yml:1:8", "u.yml:2:1", "u.yml:4:5", "u.yml:4:23", "u.yml:5:5", "u.yml:1:1"})
        CHECK_THAT(found, Catch::Contains(place));
}

TEST_CASE("an anchor that would grow to gigabytes is refused at once", "[update]") {
    std::string text = "notes: x\na0: &a0 [x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
        for (int j = 0; j < 8; ++j) text += "," + last;
        text += "]\n";
    }
    CHECK_THAT(faults(text), Catch::Contains("u.yml:2:5"));
}

TEST_CASE("a combination goes to the dist that names it, else to the one with its default name", "[update]") {
    const Config config = parse_config(
        "dists:\n"
        "  - {release: icehouse, dist: epel-7, format: rpm}\n"
        "  - {release: icehouse, dist: jammy, format: deb}\n"
        "  - {name: el6, release: icehouse, dist: epel-6, format: rpm}\n"
        "  - {name: havana/epel-6, format: rpm}\n"
        "  - {name: havana-jammy, format: deb}\n",
        "repotool.yaml");
    const auto name = [&](const char* release, const char* dist, formats::Format format) {
        const auto* found = config.find_combination(release, dist, format);
        return found == nullptr ? std::string("none") : found->name;
    };
    CHECK(name("icehouse", "epel-7", formats::Format::rpm) == "icehouse/epel-7");
    CHECK(name("icehouse", "jammy", formats::Format::deb) == "icehouse-jammy");
    CHECK(name("icehouse", "epel-6", formats::Format::rpm) == "el6");
    CHECK(name("havana", "epel-6", formats::Format::rpm) == "havana/epel-6");
    CHECK(name("havana", "jammy", formats::Format::deb) == "havana-jammy");
    CHECK(name("icehouse", "epel-7", formats::Format::deb) == "none");
}

TEST_CASE("a disabled entry without a dist stands for all dists of its release", "[update]") {
    const Config config = parse_config(
        "disabled:\n  - {release: icehouse, dist: fedora-20, reason: red}\n  - {release: havana}\n",
        "repotool.yaml");
    REQUIRE(config.find_disabled("icehouse", "fedora-20") != nullptr);
    CHECK(config.find_disabled("icehouse", "fedora-20")->reason == "red");
    CHECK(config.find_disabled("icehouse", "epel-7") == nullptr);
    CHECK(config.find_disabled("havana", "epel-6") != nullptr);
}

}  // namespace repotool::publisher
