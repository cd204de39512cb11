// SPDX-License-Identifier: GPL-3.0-or-later
// repotool.yaml: every key has a default; unknown and duplicate keys and wrong types are errors with file,
// line and column (README.md, "Configuration").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/formats/frames.hpp"
#include "core/formats/model.hpp"
#include "core/yaml/text_place.hpp"

namespace repotool::publisher {

// Where debug packages go. apart: deb: component <component>-debug; rpm: architecture <arch>-debug.
enum class DebugPlace { together, apart };

struct DistConfig {
    std::string name;
    formats::Format format = formats::Format::deb;
    std::vector<std::string> architectures;  // always there, even without packages; others come with packages
    std::vector<std::string> components;     // deb; the first is the default
    std::vector<std::string> match;          // file name patterns that belong here, without the extension
    std::string release;                     // with `dist`: the combination that an update names, or both ""
    std::string dist;
    std::string suite;  // deb: Suite and Codename of Release; empty: `name`
    std::string codename;
    std::string version;      // deb: Version of Release; may be empty
    std::string description;  // deb: Description of Release; may be empty
    DebugPlace debug = DebugPlace::together;
};

struct RepositoryRules {
    bool replace = false;    // the same name and version with other bytes takes the place of the old one
    bool downgrade = false;  // a lower version than the one that is there is welcome
    bool supersede_obsolete =
        true;  // binaries that the new version of their source package no longer builds go
};

// Fields of the Release files of a repository (https://wiki.debian.org/DebianRepository/Format).
struct ReleaseConfig {
    std::string origin;  // empty: site.origin
    std::string label;   // empty: Config::label_of
    bool not_automatic = false;
    bool but_automatic_upgrades = false;
    std::vector<std::string> signed_by;  // fingerprints
    std::string changelogs;              // URL with @CHANGEPATH@; "no"
    std::string snapshots;               // URL with @SNAPSHOTID@
};

enum class SignPolicy { unspecified, none, key };

// Whether a check counts that was made on packages built against a generation that is no longer current.
enum class StaleBase { count, refuse };

// What packages must have passed before they come into a repository.
struct GateConfig {
    std::vector<std::string> checks;     // none: there is no gate
    std::vector<std::string> keys;       // names in `keys` whose word counts; none: Config::evidence_signer()
    std::vector<std::string> overrides;  // names in `keys` that may let pass what is missing
    std::int64_t max_age = 0;            // seconds; 0: a result never gets too old
    StaleBase stale_base = StaleBase::count;
};

// A build system, and what it is believed. All of it must hold.
struct BuilderConfig {
    std::string id;                        // runDetails.builder.id of its statements
    std::vector<std::string> keys;         // PEM public keys, paths below the site: any of them may sign
    std::vector<std::string> build_types;  // buildType must be one of these; none: any
    std::string source_prefix;             // every source that a statement names lies below it; empty: any
};

struct RepositoryConfig {
    SignPolicy sign = SignPolicy::unspecified;
    std::vector<std::string> keys;  // names in `keys`; the first one signs packages, all sign metadata
    std::int64_t expire = 0;        // seconds; 0: never
    unsigned keep_versions = 0;     // 0: all
    GateConfig gate;
    bool require_provenance = false;  // each package needs a statement of one of `builders`
    RepositoryRules rules;
    ReleaseConfig release;
    // Armored public keys, path relative to the site: only .changes and .dsc signed by one of them get in.
    // Empty: no such demand.
    std::string uploaders;
    // Patterns of repositories whose versions count for the downgrade rule besides its own. Empty: those
    // beside it that are called os, proposed, updates, security or holdback, if it is called so itself.
    std::vector<std::string> siblings;
};

struct KeyConfig {
    std::string fingerprint;
    std::string home;  // GNUPGHOME; empty: $GNUPGHOME, else private/gnupg of the site
    std::string passphrase_file;
    std::vector<std::string> exec;  // a program that signs digests; empty: the agent of `home`
};

// What is known to be red: left out of the verdict on updates. An empty release or dist stands for all.
struct DisabledCombination {
    std::string release;
    std::string dist;
    std::string reason;
};

struct MetadataConfig {
    std::vector<formats::Compression> compress{formats::Compression::gz,
                                               formats::Compression::zst};  // RPM: the first one
    bool contents = false;                                                  // APT: Contents-<arch>
    bool translations = false;  // APT: long descriptions in Translation-en
    bool sha512 = false;        // APT: list SHA512 in Release besides SHA256
    std::int64_t grace_metadata = 48 * 3600;
    std::int64_t grace_packages = 14 * 86400;
    unsigned keep_generations = 3;
    std::int64_t valid_until = 0;  // seconds; 0: no Valid-Until
};

struct Config {
    std::string base_url = "http://localhost:8080";
    std::string origin = "repotool";
    std::string label = "repotool";
    std::vector<DistConfig> dists;
    // In the file's order; an exact name wins over patterns, an earlier pattern over a later one.
    std::vector<std::pair<std::string, RepositoryConfig>> repositories;
    MetadataConfig metadata;
    std::vector<std::string> inputs{"*.deb", "*.rpm", "*.dsc", "*.changes"};
    std::vector<DisabledCombination> disabled;
    std::map<std::string, KeyConfig> keys;
    std::string evidence_key;  // as the file says it; see evidence_signer()
    std::vector<BuilderConfig> builders;
    // What the file itself says; every other value is a default.
    yaml::TextPlaces places;

    // The settings of a repository: `test/*` replaces by default, everything else does not.
    RepositoryConfig repository(const std::string& name) const;
    // Name in `keys` of the key that signs what `repotool result` records: evidence.sign, else the one that
    // signs test/*. Empty: there is none.
    std::string evidence_signer() const;
    // What Release files of a repository say as Label: test repositories add their name, so that a pin can
    // tell them apart.
    std::string label_of(const std::string& repository) const;
    // Origin and Label that the Release files of a repository get.
    std::pair<std::string, std::string> release_names(const std::string& repository) const;
    const DistConfig* find_dist(const std::string& name, formats::Format format) const;
    std::vector<const DistConfig*> dists_of(formats::Format format) const;
    // Where packages of a combination (release, dist) of an update go: the dist with this `release:` and
    // `dist:`, else the one with their default name. Null where there is none.
    const DistConfig* find_combination(const std::string& release, const std::string& dist,
                                       formats::Format format) const;
    // The entry of `disabled:` that names it; null where none does.
    const DisabledCombination* find_disabled(const std::string& release, const std::string& dist) const;

private:
    RepositoryConfig with_defaults_of(const std::string& name, const std::string& pattern,
                                      RepositoryConfig settings) const;
};

// The name of a dist that has none of its own: "icehouse/epel-7", of an APT suite "icehouse-jammy".
std::string combination_name(const std::string& release, const std::string& dist, formats::Format format);
// A release or dist of a combination becomes part of paths. Throws base::Error (usage).
void check_combination_part(std::string_view part);
// The name of a check. Throws likewise.
void check_check_name(std::string_view name);

// What a site that is made on the way gets: the APT suite and the RPM dist.
struct SiteDefaults {
    std::string apt_suite;  // empty: VERSION_CODENAME of this host, else "stable"
    std::string rpm_dist;   // empty: "el9"
    std::string base_url;   // empty: http://localhost:8080
};
// Throws base::Error (usage) for anything but scheme://…; empty is a site that clients reach in no one way.
void check_base_url(std::string_view url);
// The text of a commented repotool.yaml with these defaults. Throws base::Error (usage) for bad names in
// them.
std::string default_config_text(const SiteDefaults& defaults);

// Parses `text`; `name` is the file's name for messages. Throws base::Error (usage): "repotool.yaml:3:5:
// unknown key …".
Config parse_config(const std::string& text, const std::string& name);

}  // namespace repotool::publisher
