// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include <map>

#include "repotool/config/settings.hpp"

namespace repotool::publisher {
namespace {

constexpr const char* kFile = R"(
format: 1
site: {base_url: "http://localhost:8080/", origin: Acme, label: "no"}
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main], suite: stable, debug: apart}
  - {name: icehouse/epel-7, format: rpm, architectures: [x86_64], match: ["*.el7", "*.el7_*"], release: icehouse, dist: epel-7}
repositories:
  test/*:  {expire: 90m, sign: test-key, rules: {replace: true}}
  "7.0/updates":
    sign: none
    keep_versions: 3
    gate: [install, systest]
    rules: {replace: false, downgrade: false}
    release: {not_automatic: true, signed_by: ["0123456789abcdef0123456789ABCDEF01234567"], changelogs: "no"}
    uploaders: keys/uploaders.asc
    siblings: ["7.0/*"]
    require_provenance: true
metadata: {compress: [zst, gz], contents: true, grace: {metadata: 49h}, valid_until: 7d}
inputs: ["*.deb"]
builders:
  - {id: "https://ci.example.com/a#b", keys: [builders/ci.pem, /srv/ci.pem], build_types: ["x:y"], source_prefix: "git+https://git.example.com/acme/"}
disabled: [{release: icehouse, dist: fedora-20, reason: "red: since \"Monday\""}]
keys: {test-key: {fingerprint: "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567", home: /srv/gnupg}}
)";

std::map<std::string, Setting> by_key(const Config& config) {
    std::map<std::string, Setting> settings;
    for (const auto& setting : list_settings(config)) settings[setting.key] = setting;
    return settings;
}

std::string place_of(const Setting& setting) {
    if (!setting.place) return "default";
    return std::to_string(setting.place->line) + ":" + std::to_string(setting.place->column);
}

}  // namespace

TEST_CASE("what is shown is a repotool.yaml that means the same", "[settings]") {
    for (const std::string& text :
         std::vector<std::string>{kFile, "format: 1\n", default_config_text({"sid", "el8", ""})}) {
        const Config config = parse_config(text, "repotool.yaml");
        const std::string shown = render_yaml(config);
        INFO(shown);
        const auto again = by_key(parse_config(shown, "shown.yaml"));
        for (const auto& [key, setting] : by_key(config)) {
            INFO(key);
            REQUIRE(again.contains(key));
            CHECK(again.at(key).value == setting.value);
        }
        CHECK(again.size() == by_key(config).size());
    }
}

TEST_CASE("each setting says where its value came from", "[settings]") {
    const auto settings = by_key(parse_config(kFile, "repotool.yaml"));
    CHECK(place_of(settings.at("site.base_url")) == "3:18");
    CHECK(settings.at("site.base_url").value == "http://localhost:8080");
    CHECK(place_of(settings.at("dists[0].debug")) == "5:108");
    CHECK(place_of(settings.at("dists[0].codename")) == "default");
    CHECK(settings.at("dists[0].codename").value.is_null());
    CHECK(place_of(settings.at("repositories.\"test/*\".expire")) == "8:21");
    CHECK(settings.at("repositories.\"test/*\".expire").value == "90m");
    CHECK(place_of(settings.at("repositories.\"test/*\".rules.downgrade")) == "default");
    CHECK(settings.at("repositories.\"test/*\".rules.downgrade").value == true);
    CHECK(place_of(settings.at("repositories.\"7.0/updates\".gate")) == "12:11");
    CHECK(place_of(settings.at("metadata.grace.metadata")) == "18:67");
    CHECK(place_of(settings.at("metadata.grace.packages")) == "default");
    CHECK(settings.at("metadata.grace.packages").value == "14d");
    CHECK(place_of(settings.at("disabled[0].reason")) == "22:57");
    CHECK(place_of(settings.at("keys.test-key.home")) == "23:92");
}

TEST_CASE("repositories that the file does not name show their defaults", "[settings]") {
    const auto settings = by_key(parse_config("format: 1\n", "repotool.yaml"));
    CHECK(settings.at("repositories.\"test/*\".rules.replace").value == true);
    CHECK(settings.at("repositories.\"test/*\".expire").value == "20d");
    CHECK(settings.at("repositories.\"*\".rules.replace").value == false);
    CHECK(settings.at("repositories.\"*\".sign").value.is_null());
    const auto all = by_key(parse_config("repositories: {\"*\": {sign: none}}\n", "repotool.yaml"));
    CHECK(all.at("repositories.\"test/*\".sign").value == "none");
    CHECK(all.at("repositories.\"test/*\".rules.replace").value == true);
}

}  // namespace repotool::publisher
