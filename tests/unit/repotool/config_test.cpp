// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {
namespace {

std::string failure(const std::string& text) {
    try {
        parse_config(text, "repotool.yaml");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::usage);
        return error.what();
    }
    return "no error";
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the file of a new site is read back and means what it says", "[config]") {
    const Config config =
        parse_config(default_config_text({"bookworm", "el9", "http://repo.example.com"}), "repotool.yaml");
    CHECK(config.base_url == "http://repo.example.com");
    REQUIRE(config.dists.size() == 2);
    CHECK(config.dists[0].name == "bookworm");
    CHECK(config.dists[0].components == std::vector<std::string>{"main"});
    CHECK(config.dists[1].name == "el9");
    CHECK(config.repository("test/change-1").rules.replace);
    CHECK_FALSE(config.repository("stable").rules.replace);
}

TEST_CASE("a pattern for all repositories leaves test repositories what it does not say", "[config]") {
    const Config config =
        parse_config("repositories: {\"*\": {sign: none, rules: {downgrade: false}}}\n", "repotool.yaml");
    CHECK(config.repository("test/x").rules.replace);
    CHECK_FALSE(config.repository("test/x").rules.downgrade);
    CHECK(config.repository("test/x").expire == 20 * 86400);
    CHECK(config.repository("test/x").sign == SignPolicy::none);
    CHECK_FALSE(config.repository("stable").rules.replace);
    CHECK_FALSE(parse_config("repositories: {\"*\": {rules: {replace: false}}}\n", "repotool.yaml")
                    .repository("test/x")
                    .rules.replace);
}

TEST_CASE("an empty file is no configuration: a full disk may have left it", "[config]") {
    CHECK_THROWS_WITH(parse_config("", "repotool.yaml"), Catch::Contains("it is empty"));
    CHECK_THROWS_WITH(parse_config("\n \n", "repotool.yaml"), Catch::Contains("it is empty"));
}

TEST_CASE("a file that sets nothing is a configuration of defaults", "[config]") {
    const Config config = parse_config("format: 1\n", "repotool.yaml");
    CHECK(config.dists.size() == 2);
    CHECK(config.repository("test/x").rules.replace);
    CHECK(config.repository("stable").sign == SignPolicy::unspecified);
}

struct Mistake {
    const char* text;
    const char* place;
    const char* reason;
};
const std::vector<Mistake> kMistakes{
    {"site: {bse_url: x}\n", "repotool.yaml:1:8", "did you mean 'base_url'"},
    {"sites: {}\n", "repotool.yaml:1:1", "did you mean 'site'"},
    {"format: 2\n", "repotool.yaml:1:9", "newer repotool"},
    {"format: one\n", "repotool.yaml:1:9", "expected a number"},
    {"dists:\n  - {name: a, name: b, format: deb}\n", "repotool.yaml:2:15", "there twice"},
    {"dists:\n  - {name: a}\n", "repotool.yaml:2:5", "needs a format"},
    {"dists:\n  - {format: deb}\n", "repotool.yaml:2:5", "needs a name"},
    {"dists:\n  - {name: a, release: r, format: deb}\n", "repotool.yaml:2:5", "belong together"},
    {"dists:\n  - {release: r/s, dist: d, format: deb}\n", "repotool.yaml:2:15", "no slash"},
    {"dists:\n  - {release: r, dist: d, format: rpm}\n  - {name: x, release: r, dist: d, format: rpm}\n",
     "repotool.yaml:3:24", "'r/d' is release r, dist d, too"},
    {"disabled:\n  - {reason: red}\n", "repotool.yaml:2:5", "disable every verdict"},
    {"dists:\n  - {name: ../x, format: deb}\n", "repotool.yaml:2:12", "not allowed"},
    {"dists:\n  - {name: a, format: apk}\n", "repotool.yaml:2:23", "expected the format"},
    {"dists: {name: a}\n", "repotool.yaml:1:8", "expected a list"},
    {"dists:\n  - {name: a, format: deb}\n  - {name: a, format: deb}\n", "repotool.yaml:3:12", "there twice"},
    {"repositories: {stable: {rules: {replace: yes}}}\n", "repotool.yaml:1:42", "true or false"},
    {"repositories: {stable: {sign: key}}\n", "repotool.yaml:1:31", "not one of the keys"},
    {"keys: {k: {fingerprint: 12}}\n", "repotool.yaml:1:25", "40 hexadecimal digits"},
    {"keys: {k: {}}\n", "repotool.yaml:1:11", "needs a fingerprint"},
    {"metadata: {compress: [bz2]}\n", "repotool.yaml:1:23", "expected gz, xz or zst"},
    {"metadata: {compress: [gz, xz, gz]}\n", "repotool.yaml:1:31", "'gz' is there twice"},
    {"metadata: {compress: []}\n", "repotool.yaml:1:22", "at least one"},
    {"metadata: {grace: {metadata: soon}}\n", "repotool.yaml:1:30", "a unit"},
    {"site: [\n", "repotool.yaml:2:1", ""},
    {"site:\n\tbase_url: x\n", "repotool.yaml:2", ""},
    {"a: 1\nb: *x\n", "repotool.yaml:2:4", "anchors"},
    {"site: &s {}\nkeys: {}\n", "repotool.yaml:1:7", "anchors"},
    {"site: {}\n---\nsite: {}\n", "repotool.yaml:3:1", "several"},
    {"just a text\n", "repotool.yaml:1:1", "expected a map of keys and values, found 'just a text'"},
    {"format: [1]\n", "repotool.yaml:1:9", "expected a number, found a list"},
    {"format: -1\n", "repotool.yaml:1:9", "expected a number, found '-1'"},
    {"site: {origin: [a]}\n", "repotool.yaml:1:16", "expected a text, found a list"},
    {"site: {origin: }\n", "repotool.yaml:1:16", "expected a text, found nothing"},
    {"site: {origin: \"a\\tb\"}\n", "repotool.yaml:1:16", "control characters"},
    {"site: {base_url: here}\n", "repotool.yaml:1:18",
     "expected a URL such as http://repo.example.com, found 'here'"},
    {"site: []\n", "repotool.yaml:1:7", "expected a map of keys and values, found a list"},
    {"inputs: \"*.deb\"\n", "repotool.yaml:1:9", "expected a list, found '*.deb'"},
    {"metadata: {contents: {}}\n", "repotool.yaml:1:22", "expected true or false, found a map"},
    {"metadata: {contents: yes}\n", "repotool.yaml:1:22", "expected true or false, found 'yes'"},
    {"metadata: {keep_generations: 5000000000}\n", "repotool.yaml:1:30", "up to 4294967295"},
    {"metadata: {keep_generations: -1}\n", "repotool.yaml:1:30", "expected a number"},
    {"metadata: {valid_until: [7d]}\n", "repotool.yaml:1:25", "such as 30s, 10m, 48h or 20d, found a list"},
    {"metadata: {kontents: true}\n", "repotool.yaml:1:12", "did you mean 'contents'"},
    {"metadata: {grace: {package: 1d}}\n", "repotool.yaml:1:20", "did you mean 'packages'"},
    {"dists:\n  - {name: a, format: deb, debug: beside}\n", "repotool.yaml:2:35",
     "expected together or apart, found 'beside'"},
    {"dists:\n  - {name: a, format: deb, architectures: amd64}\n", "repotool.yaml:2:43",
     "expected a list, found 'amd64'"},
    {"repositories: {STABLE: {}}\n", "repotool.yaml:1:24", "is no name of a repository"},
    {"repositories: {gen: {}}\n", "repotool.yaml:1:21", "own"},
    {"repositories: [stable]\n", "repotool.yaml:1:15", "expected a map of names and values, found a list"},
    {"repositories: {stable: none}\n", "repotool.yaml:1:24", "found 'none'"},
    {"repositories:\n  stable: {sign: stable-kye}\nkeys:\n  stable-key: {fingerprint: "
     "\"0123456789ABCDEF0123456789ABCDEF01234567\"}\n",
     "repotool.yaml:2:18", "did you mean 'stable-key'"},
    {"repositories: {stable: {release: {but_automatic_upgrades: true}}}\n", "repotool.yaml:1:59",
     "together with not_automatic"},
    {"repositories: {stable: {release: {changelogs: \"http://h/x\"}}}\n", "repotool.yaml:1:47",
     "@CHANGEPATH@"},
    {"keys: {UPPER: {}}\n", "repotool.yaml:1:15", "not allowed"},
    {"? [a]\n: b\n", "repotool.yaml:1:3", "expected a plain key, found a list"},
};

TEST_CASE("every mistake is named with file, line and column", "[config]") {
    for (const Mistake& mistake : kMistakes) {
        INFO(mistake.text);
        const std::string message = failure(mistake.text);
        INFO(message);
        CHECK(mentions(message, mistake.place));
        CHECK(mentions(message, mistake.reason));
    }
}

TEST_CASE("an ampersand in a value is no anchor", "[config]") {
    CHECK(parse_config("site: {label: \"Salt & Pepper\"}\n", "repotool.yaml").label == "Salt & Pepper");
    CHECK(parse_config("site: {label: Salt&Pepper} # R & D\n", "repotool.yaml").label == "Salt&Pepper");
}

TEST_CASE("an exact repository name wins over a pattern, an earlier pattern over a later one", "[config]") {
    const Config config = parse_config(
        "repositories:\n  \"7.*\": {expire: 1d}\n  \"7.0/*\": {expire: 2d}\n  7.0/updates: {expire: 3d}\n",
        "repotool.yaml");
    CHECK(config.repository("7.0/updates").expire == 3 * 86400);
    CHECK(config.repository("7.0/security").expire == 1 * 86400);
}

TEST_CASE("the contract's example is understood", "[config]") {
    const Config config = parse_config(R"(
site: {base_url: "http://localhost:8080", origin: Acme, label: Acme}
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64, aarch64], match: ["*.el9", "*.el9_*"]}
repositories:
  test/*:  {expire: 20d, sign: test-key, rules: {replace: true}}
  stable:  {sign: stable-key, keep_versions: 3, gate: [install, systest], rules: {replace: false, downgrade: false}}
metadata: {compress: [gz, zst], contents: false, grace: {metadata: 48h, packages: 14d}, keep_generations: 3, valid_until: 7d}
inputs: ["*.deb", "*.rpm", "*.dsc", "*.changes"]
disabled: [{release: icehouse, dist: fedora-20, reason: "red since Monday"}]
keys: {stable-key: {fingerprint: "0123456789abcdef0123456789ABCDEF01234567"}, test-key: {fingerprint: "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"}}
)",
                                       "repotool.yaml");
    CHECK(config.keys.at("stable-key").fingerprint == "0123456789ABCDEF0123456789ABCDEF01234567");
    CHECK(config.keys.at("test-key").fingerprint == "0123456789ABCDEF0123456789ABCDEF01234567");
    CHECK(config.repository("stable").gate.checks == std::vector<std::string>{"install", "systest"});
    CHECK(config.evidence_signer() == "test-key");
    CHECK(config.metadata.valid_until == 7 * 86400);
    CHECK(config.disabled.at(0).reason == "red since Monday");
}

}  // namespace repotool::publisher
