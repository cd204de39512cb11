// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "core/store/names.hpp"
#include "repotool/config/config_schema.hpp"

namespace repotool::publisher {
namespace {

using yaml::child_path;

bool is_test(const std::string& repository) {
    return repository.starts_with("test/");
}

void check_signing(const Config& config, const YamlReader& document) {
    std::vector<std::string> known;
    for (const auto& [name, key] : config.keys) known.push_back(name);
    for (const auto& [name, repository] : config.repositories) {
        for (const auto& key : repository.keys) {
            if (config.keys.contains(key)) continue;
            const std::string nearest = base::nearest(key, known);
            document.fail_at(
                child_path(child_path("repositories", name), "sign"),
                fmt::format("repository '{}' signs with '{}', which is not one of the keys{}", name, key,
                            nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
        }
    }
}

void check_key(const Config& config, const YamlReader& document, const std::string& path,
               const std::string& key) {
    if (config.keys.contains(key)) return;
    std::vector<std::string> known;
    for (const auto& [name, settings] : config.keys) known.push_back(name);
    const std::string nearest = base::nearest(key, known);
    document.fail_at(path, fmt::format("'{}' is not one of the keys{}", key,
                                       nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
}

void check_gates(const Config& config, const YamlReader& document) {
    if (!config.evidence_key.empty()) check_key(config, document, "evidence.sign", config.evidence_key);
    for (const auto& [name, repository] : config.repositories) {
        const GateConfig& gate = repository.gate;
        const std::string at = child_path(child_path("repositories", name), "gate");
        for (const auto& key : gate.keys) check_key(config, document, at + ".keys", key);
        for (const auto& key : gate.overrides) {
            check_key(config, document, at + ".overrides", key);
            const bool is_same = std::find(gate.keys.begin(), gate.keys.end(), key) != gate.keys.end() ||
                                 key == config.evidence_signer();
            if (is_same)
                document.fail_at(
                    at + ".overrides",
                    fmt::format("'{}' signs evidence, too: an override needs a second key", key));
        }
    }
}

void check_builders(const Config& config, const YamlReader& document) {
    for (std::size_t i = 0; i < config.builders.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (config.builders[i].id == config.builders[j].id)
                document.fail_at(fmt::format("builders[{}].id", i),
                                 fmt::format("the builder '{}' is there twice", config.builders[i].id));
        }
    }
    for (const auto& [name, repository] : config.repositories) {
        if (!repository.require_provenance || !config.builders.empty()) continue;
        document.fail_at(child_path(child_path("repositories", name), "require_provenance"),
                         "there are no `builders`, so nothing could ever come in");
    }
}

void check_dists(const Config& config, const YamlReader& document) {
    for (std::size_t i = 0; i < config.dists.size(); ++i) {
        const DistConfig& dist = config.dists[i];
        for (std::size_t j = 0; j < i; ++j) {
            const DistConfig& other = config.dists[j];
            if (dist.format != other.format) continue;
            if (dist.name == other.name) {
                document.fail_at(fmt::format("dists[{}].name", i),
                                 fmt::format("the dist '{}' is there twice", dist.name));
            }
            if (!dist.release.empty() && dist.release == other.release && dist.dist == other.dist) {
                document.fail_at(fmt::format("dists[{}].release", i),
                                 fmt::format("'{}' is release {}, dist {}, too: updates could mean either",
                                             other.name, dist.release, dist.dist));
            }
        }
    }
}

// Relations between keys, each told at the place of the one that is wrong.
void check_references(const Config& config, const YamlReader& document) {
    check_signing(config, document);
    check_gates(config, document);
    check_builders(config, document);
    for (const auto& [name, repository] : config.repositories) {
        if (repository.release.but_automatic_upgrades && !repository.release.not_automatic) {
            document.fail_at(
                child_path(child_path("repositories", name), "release") + ".but_automatic_upgrades",
                "apt heeds it only together with not_automatic: true");
        }
    }
    check_dists(config, document);
}

}  // namespace

RepositoryConfig repository_defaults(const std::string& name_or_pattern) {
    RepositoryConfig repository;
    repository.rules.replace = is_test(name_or_pattern);
    repository.rules.downgrade = repository.rules.replace;
    if (repository.rules.replace) repository.expire = 20 * 86400;
    return repository;
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

RepositoryConfig Config::repository(const std::string& name) const {
    for (const auto& [pattern, repository_config] : repositories) {
        if (pattern == name) return repository_config;
    }
    for (const auto& [pattern, repository_config] : repositories) {
        if (base::matches_glob(pattern, name)) return with_defaults_of(name, pattern, repository_config);
    }
    return repository_defaults(name);
}

// A pattern for all repositories sets for test/* what it says, and leaves the rest as test/* has it.
RepositoryConfig Config::with_defaults_of(const std::string& name, const std::string& pattern,
                                          RepositoryConfig settings) const {
    if (!is_test(name) || is_test(pattern)) return settings;
    const RepositoryConfig defaults = repository_defaults(name);
    const std::string at = child_path("repositories", pattern);
    if (!places.contains(at + ".rules.replace")) settings.rules.replace = defaults.rules.replace;
    if (!places.contains(at + ".rules.downgrade")) settings.rules.downgrade = defaults.rules.downgrade;
    if (!places.contains(at + ".expire")) settings.expire = defaults.expire;
    return settings;
}

std::pair<std::string, std::string> Config::release_names(const std::string& name) const {
    const ReleaseConfig release = repository(name).release;
    return {release.origin.empty() ? origin : release.origin,
            release.label.empty() ? label_of(name) : release.label};
}

std::string Config::evidence_signer() const {
    if (!evidence_key.empty()) return evidence_key;
    const RepositoryConfig tests = repository("test/*");
    return tests.sign == SignPolicy::key ? tests.keys.front() : "";
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

const DistConfig* Config::find_combination(const std::string& release, const std::string& dist,
                                           formats::Format format) const {
    const auto found = std::find_if(dists.begin(), dists.end(), [&](const DistConfig& candidate) {
        return candidate.release == release && candidate.dist == dist && candidate.format == format;
    });
    return found != dists.end() ? &*found : find_dist(combination_name(release, dist, format), format);
}

const DisabledCombination* Config::find_disabled(const std::string& release, const std::string& dist) const {
    const auto found = std::find_if(disabled.begin(), disabled.end(), [&](const DisabledCombination& entry) {
        return (entry.release.empty() || entry.release == release) &&
               (entry.dist.empty() || entry.dist == dist);
    });
    return found == disabled.end() ? nullptr : &*found;
}

std::string combination_name(const std::string& release, const std::string& dist, formats::Format format) {
    return fmt::format("{}{}{}", release, format == formats::Format::deb ? "-" : "/", dist);
}

void check_combination_part(std::string_view part) {
    if (store::is_dist_name(part) && part.find('/') == std::string_view::npos) return;
    throw base::Error(base::ErrorKind::usage, "use", std::string(part),
                      "expected letters, digits and . _ + -, and no slash");
}

void check_check_name(std::string_view name) {
    const bool good =
        !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char one) {
            return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
                   one == '.' || one == '_' || one == '+' || one == '-';
        });
    if (!good)
        throw base::Error(base::ErrorKind::usage, "use check", std::string(name),
                          "expected up to 64 letters, digits and . _ + -");
}

void check_base_url(std::string_view url) {
    const bool good = url.find("://") != std::string_view::npos && !url.starts_with(":") &&
                      url.find_first_of(" \"'<>\\") == std::string_view::npos && base::printable(url) == url;
    if (url.empty() || good) return;
    throw base::Error(base::ErrorKind::usage, "use address", std::string(url),
                      "expected a URL such as http://repo.example.com");
}

Config parse_config(const std::string& text, const std::string& name) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {  // as a full disk leaves it
        throw base::Error(base::ErrorKind::usage, "read", name, "it is empty",
                          "a site that has no settings of its own says `format: 1`");
    }
    const YamlReader document = YamlReader::parse(text, name, base::ErrorKind::usage);
    Config config;
    read_fields(document, config, config_fields());
    if (config.dists.empty()) config.dists = default_dists({});
    check_references(config, document);
    config.places = document.places();
    return config;
}

std::string default_config_text(const SiteDefaults& defaults) {
    for (const auto& name : {defaults.apt_suite, defaults.rpm_dist}) {
        if (!name.empty()) store::check_dist_name(name);
    }
    check_base_url(defaults.base_url);
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
  # stable: {{sign: stable-key, gate: [install, systest], rules: {{replace: false, downgrade: false}}}}

# keys:
#   stable-key: {{fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567"}}
#   ci-key: {{fingerprint: "89ABCDEF0123456789ABCDEF0123456789ABCDEF"}}

# Signs what `repotool result` records. A gate may say more than the names of its checks:
#   gate: {{checks: [install], keys: [ci-key], max_age: 7d, stale_base: refuse, overrides: [release-key]}}
# evidence: {{sign: ci-key}}

# Whose statements about how a package was built count, where a repository says `require_provenance: true`:
# builders:
#   - {{id: "https://ci.example.com/builder", keys: [builders/ci.pem], source_prefix: "https://git.example.com/acme/"}}

# Updates name a release and a dist for each build; a dist above says which of them it takes:
#   - {{release: icehouse, dist: epel-7, format: rpm, architectures: [x86_64]}}    # called icehouse/epel-7
# Combinations that are known to be red are left out of the verdict on an update:
# disabled:
#   - {{release: icehouse, dist: epel-7, reason: "red since Monday"}}
)",
        base_url, dists[0].name, dists[0].architectures[0], dists[1].name, dists[1].architectures[0]);
}

}  // namespace repotool::publisher
