// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "core/store/manifest.hpp"
#include "core/store/names.hpp"
#include "repotool/yaml_reader.hpp"

namespace repotool::publisher {
namespace {

using base::ErrorKind;

// Applies a check of core/store/names.hpp and adds the place in the file.
std::string checked(const YamlReader& value, void (*check)(std::string_view)) {
    const std::string text = value.text();
    try {
        check(text);
    } catch (const base::Error& error) {
        value.fail(fmt::format("'{}' is not allowed: {}", text, error.reason()));
    }
    return text;
}

std::string one_line(const YamlReader& value) {
    const std::string text = value.text();
    if (base::printable(text) != text) value.fail("expected one line of text without control characters");
    return text;
}

formats::Format format_of(const YamlReader& value) {
    try {
        return formats::parse_format(value.text());
    } catch (const base::Error& error) {
        value.fail(error.reason());
    }
}

DebugPlace debug_place(const YamlReader& value) {
    const std::string text = value.text();
    if (text != "together" && text != "apart") value.fail("expected together or apart");
    return text == "apart" ? DebugPlace::apart : DebugPlace::together;
}

DistConfig read_dist(const YamlReader& reader) {
    DistConfig dist;
    bool has_format = false;
    reader.read_map({{"name", [&](const auto& v) { dist.name = checked(v, store::check_dist_name); }},
                     {"format",
                      [&](const auto& v) {
                          dist.format = format_of(v);
                          has_format = true;
                      }},
                     {"architectures",
                      [&](const auto& v) {
                          v.each_item([&](const auto& a) {
                              dist.architectures.push_back(checked(a, store::check_architecture_name));
                          });
                      }},
                     {"components",
                      [&](const auto& v) {
                          v.each_item([&](const auto& c) {
                              dist.components.push_back(checked(c, store::check_component_name));
                          });
                      }},
                     {"match", [&](const auto& v) { dist.match = v.texts(); }},
                     {"release", [&](const auto& v) { dist.release = one_line(v); }},
                     {"dist", [&](const auto& v) { dist.dist = one_line(v); }},
                     {"suite", [&](const auto& v) { dist.suite = checked(v, store::check_dist_name); }},
                     {"codename", [&](const auto& v) { dist.codename = checked(v, store::check_dist_name); }},
                     {"version", [&](const auto& v) { dist.version = one_line(v); }},
                     {"description", [&](const auto& v) { dist.description = one_line(v); }},
                     {"debug", [&](const auto& v) { dist.debug = debug_place(v); }}});
    if (dist.name.empty()) reader.fail("a dist needs a name");
    if (!has_format) reader.fail(fmt::format("dist '{}' needs a format: deb or rpm", dist.name));
    if (dist.architectures.empty()) {
        dist.architectures.push_back(dist.format == formats::Format::deb ? fs::deb_architecture()
                                                                         : fs::rpm_architecture());
    }
    if (dist.components.empty() && dist.format == formats::Format::deb) dist.components.push_back("main");
    return dist;
}

void read_sign(const YamlReader& value, RepositoryConfig& repository) {
    const std::string name = value.text();
    repository.sign = name == "none" ? SignPolicy::none : SignPolicy::key;
    repository.key = name == "none" ? "" : name;
}

std::string fingerprint_of(const YamlReader& value) {
    std::string text;
    for (const char c : value.text()) {
        if (c != ' ') text += static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
    }
    const bool hexadecimal = text.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (text.size() != 40 || !hexadecimal) value.fail("expected a fingerprint: 40 hexadecimal digits");
    return text;
}

void read_release(const YamlReader& reader, ReleaseConfig& release) {
    reader.read_map(
        {{"origin", [&](const auto& v) { release.origin = one_line(v); }},
         {"label", [&](const auto& v) { release.label = one_line(v); }},
         {"not_automatic", [&](const auto& v) { release.not_automatic = v.boolean(); }},
         {"but_automatic_upgrades", [&](const auto& v) { release.but_automatic_upgrades = v.boolean(); }},
         {"signed_by",
          [&](const auto& v) {
              v.each_item([&](const auto& w) { release.signed_by.push_back(fingerprint_of(w)); });
          }},
         {"changelogs", [&](const auto& v) { release.changelogs = one_line(v); }},
         {"snapshots", [&](const auto& v) { release.snapshots = one_line(v); }}});
}

RepositoryConfig read_repository(const YamlReader& reader, RepositoryConfig repository) {
    reader.read_map(
        {{"sign", [&](const auto& v) { read_sign(v, repository); }},
         {"expire", [&](const auto& v) { repository.expire = v.duration(); }},
         {"keep_versions",
          [&](const auto& v) { repository.keep_versions = static_cast<unsigned>(v.number()); }},
         {"gate", [&](const auto& v) { repository.gate = v.texts(); }},
         {"rules",
          [&](const auto& v) {
              v.read_map({{"replace", [&](const auto& w) { repository.rules.replace = w.boolean(); }},
                          {"downgrade", [&](const auto& w) { repository.rules.downgrade = w.boolean(); }},
                          {"supersede_obsolete",
                           [&](const auto& w) { repository.rules.supersede_obsolete = w.boolean(); }}});
          }},
         {"release", [&](const auto& v) { read_release(v, repository.release); }},
         {"uploaders", [&](const auto& v) { repository.uploaders = one_line(v); }},
         {"siblings", [&](const auto& v) { repository.siblings = v.texts(); }}});
    return repository;
}

void read_metadata(const YamlReader& reader, MetadataConfig& metadata) {
    const auto add_compression = [&](const YamlReader& value) {
        try {
            metadata.compress.push_back(formats::parse_compression(value.text()));
        } catch (const base::Error& error) {
            value.fail(error.reason());
        }
        if (std::count(metadata.compress.begin(), metadata.compress.end(), metadata.compress.back()) > 1)
            value.fail(fmt::format("'{}' is there twice", value.text()));
    };
    reader.read_map({{"compress",
                      [&](const auto& v) {
                          metadata.compress.clear();
                          v.each_item(add_compression);
                          if (metadata.compress.empty()) v.fail("expected at least one of gz, xz and zst");
                      }},
                     {"contents", [&](const auto& v) { metadata.contents = v.boolean(); }},
                     {"translations", [&](const auto& v) { metadata.translations = v.boolean(); }},
                     {"sha512", [&](const auto& v) { metadata.sha512 = v.boolean(); }},
                     {"grace",
                      [&](const auto& v) {
                          v.read_map(
                              {{"metadata", [&](const auto& w) { metadata.grace_metadata = w.duration(); }},
                               {"packages", [&](const auto& w) { metadata.grace_packages = w.duration(); }}});
                      }},
                     {"keep_generations",
                      [&](const auto& v) { metadata.keep_generations = static_cast<unsigned>(v.number()); }},
                     {"valid_until", [&](const auto& v) { metadata.valid_until = v.duration(); }}});
}

KeyConfig read_key(const YamlReader& reader) {
    KeyConfig key;
    reader.read_map({{"fingerprint", [&](const auto& v) { key.fingerprint = fingerprint_of(v); }},
                     {"home", [&](const auto& v) { key.home = one_line(v); }},
                     {"passphrase_file", [&](const auto& v) { key.passphrase_file = one_line(v); }}});
    if (key.fingerprint.empty()) reader.fail("a key needs a fingerprint");
    return key;
}

DisabledCombination read_disabled(const YamlReader& reader) {
    DisabledCombination combination;
    reader.read_map({{"release", [&](const auto& v) { combination.release = one_line(v); }},
                     {"dist", [&](const auto& v) { combination.dist = one_line(v); }},
                     {"reason", [&](const auto& v) { combination.reason = one_line(v); }}});
    return combination;
}

bool is_test(const std::string& repository) {
    return repository.starts_with("test/");
}

RepositoryConfig repository_defaults(const std::string& name_or_pattern) {
    RepositoryConfig repository;
    repository.rules.replace = is_test(name_or_pattern);
    repository.rules.downgrade = repository.rules.replace;
    if (repository.rules.replace) repository.expire = 20 * 86400;
    return repository;
}

void check_format_version(const YamlReader& value) {
    const std::uint64_t format = value.number();
    if (format == 0 || format > store::kFormatVersion) {
        value.fail(fmt::format("the site has format {}, this program knows up to {}; use a newer repotool",
                               format, store::kFormatVersion));
    }
}

void check_references(const Config& config, const YamlReader& document) {
    for (const auto& [name, repository] : config.repositories) {
        if (repository.sign == SignPolicy::key && !config.keys.contains(repository.key)) {
            document.fail(fmt::format("repository '{}' signs with '{}', which is not one of the keys", name,
                                      repository.key));
        }
    }
    for (std::size_t i = 0; i < config.dists.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const bool same = config.dists[i].name == config.dists[j].name &&
                              config.dists[i].format == config.dists[j].format;
            if (same) document.fail(fmt::format("the dist '{}' is there twice", config.dists[i].name));
        }
    }
}

std::vector<DistConfig> default_dists(const SiteDefaults& defaults) {
    const std::string codename = fs::os_release("VERSION_CODENAME");
    DistConfig deb;
    deb.name = !defaults.apt_suite.empty() ? defaults.apt_suite : !codename.empty() ? codename : "stable";
    deb.format = formats::Format::deb;
    deb.architectures = {fs::deb_architecture()};
    deb.components = {"main"};
    DistConfig rpm;
    rpm.name = defaults.rpm_dist.empty() ? "el9" : defaults.rpm_dist;
    rpm.format = formats::Format::rpm;
    rpm.architectures = {fs::rpm_architecture()};
    return {deb, rpm};
}

}  // namespace

RepositoryConfig Config::repository(const std::string& name) const {
    for (const auto& [pattern, repository_config] : repositories) {
        if (pattern == name) return repository_config;
    }
    for (const auto& [pattern, repository_config] : repositories) {
        if (base::matches_glob(pattern, name)) return repository_config;
    }
    return repository_defaults(name);
}

std::string Config::label_of(const std::string& repository) const {
    return is_test(repository) ? fmt::format("{} {}", label, repository) : label;
}

const DistConfig* Config::find_dist(const std::string& name, formats::Format format) const {
    const auto found = std::find_if(dists.begin(), dists.end(), [&](const DistConfig& dist) {
        return dist.name == name && dist.format == format;
    });
    return found == dists.end() ? nullptr : &*found;
}

std::vector<const DistConfig*> Config::dists_of(formats::Format format) const {
    std::vector<const DistConfig*> found;
    for (const auto& dist : dists) {
        if (dist.format == format) found.push_back(&dist);
    }
    return found;
}

Config parse_config(const std::string& text, const std::string& name) {
    const YamlReader document = YamlReader::parse(text, name, ErrorKind::usage);
    Config config;
    document.read_map(
        {{"format", check_format_version},
         {"site",
          [&](const auto& v) {
              v.read_map({{"base_url", [&](const auto& w) { config.base_url = one_line(w); }},
                          {"origin", [&](const auto& w) { config.origin = one_line(w); }},
                          {"label", [&](const auto& w) { config.label = one_line(w); }}});
          }},
         {"dists",
          [&](const auto& v) { v.each_item([&](const auto& w) { config.dists.push_back(read_dist(w)); }); }},
         {"repositories",
          [&](const auto& v) {
              v.each_pair([&](const std::string& key, const auto& w) {
                  config.repositories.emplace_back(key, read_repository(w, repository_defaults(key)));
              });
          }},
         {"metadata", [&](const auto& v) { read_metadata(v, config.metadata); }},
         {"inputs", [&](const auto& v) { config.inputs = v.texts(); }},
         {"disabled",
          [&](const auto& v) {
              v.each_item([&](const auto& w) { config.disabled.push_back(read_disabled(w)); });
          }},
         {"keys", [&](const auto& v) {
              v.each_pair([&](const std::string& key, const auto& w) {
                  if (!store::is_repository_name(key) || key.find('/') != std::string::npos) {
                      w.fail(fmt::format(
                          "the key name '{}' is not allowed: expected lower-case letters, digits and . _ + -",
                          key));
                  }
                  config.keys[key] = read_key(w);
              });
          }}});
    while (config.base_url.ends_with("/")) config.base_url.pop_back();
    if (config.dists.empty()) config.dists = default_dists({});
    check_references(config, document);
    return config;
}

std::string default_config_text(const SiteDefaults& defaults) {
    const auto dists = default_dists(defaults);
    const std::string base_url = defaults.base_url.empty() ? Config{}.base_url : defaults.base_url;
    return fmt::format(
        R"(# A repotool site. Every key has a default; unknown keys are errors. `repotool config show` prints all of them.
format: 1

# Where clients reach the directory public/ of this site, and what Release files call it.
site: {{base_url: "{}", origin: repotool, label: repotool}}

# Where packages go: APT suites (format deb) and RPM dists (format rpm). Further architectures come with packages.
dists:
  - {{name: "{}", format: deb, architectures: [{}], components: [main]}}
  - {{name: "{}", format: rpm, architectures: [{}]}}

# One entry a repository or pattern. `sign:` names a key below, or none.
# `reposign keys generate stable-key --site .` makes a key and says what to write here.
repositories:
  "test/*": {{sign: none, expire: 20d, rules: {{replace: true}}}}
  # stable: {{sign: stable-key, rules: {{replace: false, downgrade: false}}}}

# keys:
#   stable-key: {{fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567"}}
)",
        base_url, dists[0].name, dists[0].architectures[0], dists[1].name, dists[1].architectures[0]);
}

}  // namespace repotool::publisher
