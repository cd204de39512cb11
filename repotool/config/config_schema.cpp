// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/config_schema.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/fs/host.hpp"
#include "core/store/manifest.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

// Applies a check of core/store/names.hpp and adds the place in the file.
template <void (*check)(std::string_view)>
std::string checked(const YamlReader& value) {
    const std::string text = value.text();
    try {
        check(text);
    } catch (const base::Error& error) {
        value.fail(fmt::format("'{}' is not allowed: {}", text, error.reason()));
    }
    return text;
}

// A pattern of repository names; one without wildcards must be such a name.
void check_repository_pattern(std::string_view pattern) {
    if (pattern.find_first_of("*?[") == std::string_view::npos) store::check_repository_name(pattern);
}

std::string repository_pattern(const YamlReader& value) {
    return checked<check_repository_pattern>(value);
}

std::string url(const YamlReader& value) {
    std::string text = one_line(value);
    try {
        check_base_url(text);
    } catch (const base::Error& error) {
        value.fail(error.reason() + value.found());
    }
    while (text.ends_with("/")) text.pop_back();
    return text;
}

std::string fingerprint(const YamlReader& value) {
    std::string text;
    for (const char c : value.text()) {
        if (c != ' ') text += static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
    }
    const bool hexadecimal = text.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (text.size() != 40 || !hexadecimal)
        value.fail("expected a fingerprint: 40 hexadecimal digits" + value.found());
    return text;
}

// `no`, or an address that names what apt puts in place of `mark` (apt's Release files, "Changelogs").
std::string address_with(const YamlReader& value, const char* mark) {
    const std::string text = one_line(value);
    if (text != "no" && text.find(mark) == std::string::npos)
        value.fail(fmt::format("expected 'no', or a URL with {}{}", mark, value.found()));
    return text;
}
std::string changelogs(const YamlReader& value) {
    return address_with(value, "@CHANGEPATH@");
}
std::string snapshots(const YamlReader& value) {
    return address_with(value, "@SNAPSHOTID@");
}

// The value that parse() makes of a word; its complaint gets the place in the file.
template <class Parse>
auto parsed(const YamlReader& value, Parse parse) {
    try {
        return parse(value.text());
    } catch (const base::Error& error) {
        value.fail(error.reason() + value.found());
    }
}

const Fields<DistConfig>& dist_fields() {
    static const Fields<DistConfig> kFields{
        text("name", &DistConfig::name, checked<store::check_dist_name>),
        {"format",
         [](const YamlReader& value, DistConfig& dist) {
             dist.format = parsed(value, formats::parse_format);
         },
         [](const DistConfig& dist) { return SettingValue(formats::format_name(dist.format)); }},
        texts("architectures", &DistConfig::architectures, checked<store::check_architecture_name>),
        texts("components", &DistConfig::components, checked<store::check_component_name>),
        texts("match", &DistConfig::match),
        text("release", &DistConfig::release, checked<check_combination_part>),
        text("dist", &DistConfig::dist, checked<check_combination_part>),
        text("suite", &DistConfig::suite, checked<store::check_dist_name>),
        text("codename", &DistConfig::codename, checked<store::check_dist_name>),
        text("version", &DistConfig::version),
        text("description", &DistConfig::description),
        {"debug",
         [](const YamlReader& value, DistConfig& dist) {
             const std::string word = value.text();
             if (word != "together" && word != "apart")
                 value.fail("expected together or apart" + value.found());
             dist.debug = word == "apart" ? DebugPlace::apart : DebugPlace::together;
         },
         [](const DistConfig& dist) {
             return SettingValue(dist.debug == DebugPlace::apart ? "apart" : "together");
         }}};
    return kFields;
}

DistConfig read_dist(const YamlReader& reader) {
    DistConfig dist;
    read_fields(reader, dist, dist_fields());
    if (dist.release.empty() != dist.dist.empty())
        reader.fail("release and dist belong together: updates name both");
    if (dist.name.empty() && dist.release.empty()) reader.fail("a dist needs a name");
    if (dist.name.empty()) dist.name = combination_name(dist.release, dist.dist, dist.format);
    if (!reader.has("format")) reader.fail(fmt::format("dist '{}' needs a format: deb or rpm", dist.name));
    if (!store::is_dist_name(dist.name)) reader.fail(fmt::format("the name '{}' is too long", dist.name));
    if (dist.architectures.empty()) {
        dist.architectures.push_back(dist.format == formats::Format::deb ? fs::deb_architecture()
                                                                         : fs::rpm_architecture());
    }
    if (dist.components.empty() && dist.format == formats::Format::deb) {
        if (reader.has("components")) reader.fail("`components` names none");
        dist.components.push_back("main");
    }
    return dist;
}

const Fields<RepositoryRules>& rules_fields() {
    static const Fields<RepositoryRules> kFields{
        flag("replace", &RepositoryRules::replace), flag("downgrade", &RepositoryRules::downgrade),
        flag("supersede_obsolete", &RepositoryRules::supersede_obsolete)};
    return kFields;
}

const Fields<ReleaseConfig>& release_fields() {
    static const Fields<ReleaseConfig> kFields{
        text("origin", &ReleaseConfig::origin),
        text("label", &ReleaseConfig::label),
        flag("not_automatic", &ReleaseConfig::not_automatic),
        flag("but_automatic_upgrades", &ReleaseConfig::but_automatic_upgrades),
        texts("signed_by", &ReleaseConfig::signed_by, fingerprint),
        text("changelogs", &ReleaseConfig::changelogs, changelogs),
        text("snapshots", &ReleaseConfig::snapshots, snapshots)};
    return kFields;
}

void read_sign(const YamlReader& value, RepositoryConfig& repository) {
    repository.keys.clear();
    const auto add = [&](const YamlReader& item) {
        const std::string name = item.text();
        if (std::find(repository.keys.begin(), repository.keys.end(), name) != repository.keys.end())
            item.fail(fmt::format("'{}' is there twice", name));
        repository.keys.push_back(name);
    };
    if (value.is_list())
        value.each_item(add);
    else
        add(value);
    if (repository.keys.empty()) value.fail("expected the name of at least one key, or none");
    const bool is_none = repository.keys.size() == 1 && repository.keys.front() == "none";
    repository.sign = is_none ? SignPolicy::none : SignPolicy::key;
    if (is_none) repository.keys.clear();
}
SettingValue show_sign(const RepositoryConfig& repository) {
    if (repository.sign == SignPolicy::unspecified) return nullptr;
    if (repository.sign == SignPolicy::none) return "none";
    if (repository.keys.size() == 1) return repository.keys.front();
    return repository.keys;
}

void read_stale_base(const YamlReader& value, GateConfig& gate) {
    const std::string word = value.text();
    if (word != "count" && word != "refuse") value.fail("expected count or refuse");
    gate.stale_base = word == "refuse" ? StaleBase::refuse : StaleBase::count;
}

const Fields<GateConfig>& gate_fields() {
    static const Fields<GateConfig> kFields{
        texts("checks", &GateConfig::checks, checked<check_check_name>),
        texts("keys", &GateConfig::keys),
        texts("overrides", &GateConfig::overrides),
        duration("max_age", &GateConfig::max_age),
        {"stale_base", read_stale_base, [](const GateConfig& gate) {
             return SettingValue(gate.stale_base == StaleBase::refuse ? "refuse" : "count");
         }}};
    return kFields;
}

// A list of checks, or a map.
void read_gate(const YamlReader& value, RepositoryConfig& repository) {
    repository.gate = {};
    if (!value.is_list()) return read_fields(value, repository.gate, gate_fields());
    value.each_item(
        [&](const YamlReader& item) { repository.gate.checks.push_back(checked<check_check_name>(item)); });
}

SettingValue show_gate(const RepositoryConfig& repository) {
    const GateConfig& gate = repository.gate;
    const bool is_list = gate.keys.empty() && gate.overrides.empty() && gate.max_age == 0 &&
                         gate.stale_base == StaleBase::count;
    return is_list ? SettingValue(gate.checks) : show_fields(gate, gate_fields());
}

const Fields<Config>& evidence_fields() {
    static const Fields<Config> kFields{text("sign", &Config::evidence_key)};
    return kFields;
}

std::string uri(const YamlReader& value) {
    const std::string text = one_line(value);
    if (text.empty() || text.find(' ') != std::string::npos)
        value.fail("expected a URI as the builder writes it: text without blanks" + value.found());
    return text;
}

const Fields<BuilderConfig>& builder_fields() {
    static const Fields<BuilderConfig> kFields{text("id", &BuilderConfig::id, uri),
                                               texts("keys", &BuilderConfig::keys),
                                               texts("build_types", &BuilderConfig::build_types, uri),
                                               text("source_prefix", &BuilderConfig::source_prefix, uri)};
    return kFields;
}

void read_builders(const YamlReader& value, Config& config) {
    value.each_item([&](const YamlReader& item) {
        BuilderConfig& builder = config.builders.emplace_back();
        read_fields(item, builder, builder_fields());
        if (builder.id.empty()) item.fail("a builder needs an id");
        if (builder.keys.empty()) item.fail(fmt::format("builder '{}' needs at least one key", builder.id));
    });
}

const Fields<MetadataConfig>& grace_fields() {
    static const Fields<MetadataConfig> kFields{duration("metadata", &MetadataConfig::grace_metadata),
                                                duration("packages", &MetadataConfig::grace_packages)};
    return kFields;
}

void read_compress(const YamlReader& value, MetadataConfig& metadata) {
    metadata.compress.clear();
    value.each_item([&](const YamlReader& item) {
        const auto compression = parsed(item, formats::parse_compression);
        if (std::find(metadata.compress.begin(), metadata.compress.end(), compression) !=
            metadata.compress.end())
            item.fail(fmt::format("'{}' is there twice", item.text()));
        metadata.compress.push_back(compression);
    });
    if (metadata.compress.empty()) value.fail("expected at least one of gz, xz and zst");
}
SettingValue show_compress(const MetadataConfig& metadata) {
    SettingValue names = SettingValue::array();
    for (const auto compression : metadata.compress) names.push_back(formats::compression_name(compression));
    return names;
}

const Fields<MetadataConfig>& metadata_fields() {
    static const Fields<MetadataConfig> kFields{{"compress", read_compress, show_compress},
                                                flag("contents", &MetadataConfig::contents),
                                                flag("translations", &MetadataConfig::translations),
                                                flag("sha512", &MetadataConfig::sha512),
                                                group("grace", grace_fields()),
                                                number("keep_generations", &MetadataConfig::keep_generations),
                                                duration("valid_until", &MetadataConfig::valid_until)};
    return kFields;
}

const Fields<DisabledCombination>& disabled_fields() {
    static const Fields<DisabledCombination> kFields{
        text("release", &DisabledCombination::release, checked<check_combination_part>),
        text("dist", &DisabledCombination::dist, checked<check_combination_part>),
        text("reason", &DisabledCombination::reason)};
    return kFields;
}

const Fields<KeyConfig>& key_fields() {
    static const Fields<KeyConfig> kFields{
        text("fingerprint", &KeyConfig::fingerprint, fingerprint), text("home", &KeyConfig::home),
        text("passphrase_file", &KeyConfig::passphrase_file), texts("exec", &KeyConfig::exec)};
    return kFields;
}

const Fields<Config>& site_fields() {
    static const Fields<Config> kFields{text("base_url", &Config::base_url, url),
                                        text("origin", &Config::origin), text("label", &Config::label)};
    return kFields;
}

void check_format_version(const YamlReader& value, Config& /*config*/) {
    const std::uint64_t format = value.number(std::numeric_limits<std::int64_t>::max());
    if (format == 0 || format > store::kFormatVersion) {
        value.fail(fmt::format("the site has format {}, this program knows up to {}; use a newer repotool",
                               format, store::kFormatVersion));
    }
}

void read_repositories(const YamlReader& value, Config& config) {
    value.each_pair([&](const std::string& name, const YamlReader& settings) {
        try {
            check_repository_pattern(name);
        } catch (const base::Error& error) {
            settings.fail(fmt::format("'{}' is no name of a repository: {}", name, error.reason()));
        }
        RepositoryConfig repository = repository_defaults(name);
        read_fields(settings, repository, repository_fields());
        config.repositories.emplace_back(name, repository);
    });
}
SettingValue show_repositories(const Config& config) {
    SettingValue shown = SettingValue::object();
    for (const auto& [name, repository] : config.repositories)
        shown[name] = show_fields(repository, repository_fields());
    return shown;
}

void read_keys(const YamlReader& value, Config& config) {
    value.each_pair([&](const std::string& name, const YamlReader& settings) {
        if (!store::is_repository_name(name) || name.find('/') != std::string::npos) {
            settings.fail(fmt::format(
                "the key name '{}' is not allowed: expected lower-case letters, digits and . _ + -", name));
        }
        read_fields(settings, config.keys[name], key_fields());
        if (config.keys[name].fingerprint.empty()) settings.fail("a key needs a fingerprint");
    });
}
SettingValue show_keys(const Config& config) {
    SettingValue shown = SettingValue::object();
    for (const auto& [name, key] : config.keys) shown[name] = show_fields(key, key_fields());
    return shown;
}

// A list of maps.
template <class T>
SettingValue show_list(const std::vector<T>& items, const Fields<T>& fields) {
    SettingValue shown = SettingValue::array();
    for (const auto& item : items) shown.push_back(show_fields(item, fields));
    return shown;
}

}  // namespace

std::string one_line(const YamlReader& value) {
    const std::string text = value.text();
    if (base::printable(text) != text) value.fail("expected one line of text without control characters");
    return text;
}

std::string shown_duration(std::int64_t seconds) {
    for (const auto& [unit, name] : {std::pair{86400, 'd'}, {3600, 'h'}, {60, 'm'}}) {
        if (seconds != 0 && seconds % unit == 0) return fmt::format("{}{}", seconds / unit, name);
    }
    return fmt::format("{}s", seconds);
}

const Fields<RepositoryConfig>& repository_fields() {
    static const Fields<RepositoryConfig> kFields{
        {"sign", read_sign, show_sign},
        duration("expire", &RepositoryConfig::expire),
        number("keep_versions", &RepositoryConfig::keep_versions),
        {"gate", read_gate, show_gate},
        flag("require_provenance", &RepositoryConfig::require_provenance),
        group("rules", &RepositoryConfig::rules, rules_fields()),
        group("release", &RepositoryConfig::release, release_fields()),
        text("uploaders", &RepositoryConfig::uploaders),
        texts("siblings", &RepositoryConfig::siblings, repository_pattern)};
    return kFields;
}

const Fields<Config>& config_fields() {
    static const Fields<Config> kFields{
        {"format", check_format_version, [](const Config&) { return SettingValue(store::kFormatVersion); }},
        group("site", site_fields()),
        {"dists",
         [](const YamlReader& value, Config& config) {
             value.each_item([&](const YamlReader& item) { config.dists.push_back(read_dist(item)); });
         },
         [](const Config& config) { return show_list(config.dists, dist_fields()); }},
        {"repositories", read_repositories, show_repositories},
        group("metadata", &Config::metadata, metadata_fields()),
        texts("inputs", &Config::inputs),
        group("evidence", evidence_fields()),
        {"builders", read_builders,
         [](const Config& config) { return show_list(config.builders, builder_fields()); }},
        {"disabled",
         [](const YamlReader& value, Config& config) {
             value.each_item([&](const YamlReader& item) {
                 read_fields(item, config.disabled.emplace_back(), disabled_fields());
                 const DisabledCombination& entry = config.disabled.back();
                 if (entry.release.empty() && entry.dist.empty())
                     item.fail("expected a release, a dist or both: this would disable every verdict");
             });
         },
         [](const Config& config) { return show_list(config.disabled, disabled_fields()); }},
        {"keys", read_keys, show_keys}};
    return kFields;
}

}  // namespace repotool::publisher
