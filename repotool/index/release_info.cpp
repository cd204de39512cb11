// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/release_info.hpp"

#include <fmt/format.h>

#include <set>
#include <tuple>

#include "core/base/error.hpp"
#include "core/formats/deb/release_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

const std::string& first_of(const std::string& wanted, const std::string& otherwise) {
    return wanted.empty() ? otherwise : wanted;
}

// All that does not depend on the indexes.
formats::deb::Release release_fields(const std::string& repository, const std::string& dist,
                                     const Config& config, base::UnixSeconds date) {
    const ReleaseConfig settings = config.repository(repository).release;
    const DistConfig* found = config.find_dist(dist, formats::Format::deb);
    const DistConfig place = found == nullptr ? DistConfig{} : *found;
    formats::deb::Release release;
    std::tie(release.origin, release.label) = config.release_names(repository);
    release.suite = first_of(place.suite, dist);
    release.codename = first_of(place.codename, dist);
    release.version = place.version;
    release.description = place.description;
    release.date = date;
    release.valid_until = config.metadata.valid_until == 0 ? 0 : date + config.metadata.valid_until;
    release.not_automatic = settings.not_automatic;
    release.but_automatic_upgrades = settings.but_automatic_upgrades;
    release.signed_by = settings.signed_by;
    release.changelogs = settings.changelogs;
    release.snapshots = settings.snapshots;
    return release;
}

// Collects what differs in one dist.
class Comparison {
public:
    Comparison(std::string dist, std::vector<std::string>& changes)
        : dist_(std::move(dist)), changes_(changes) {}
    void compare(const char* field, const std::string& before, const std::string& now) {
        if (before != now)
            changes_.push_back(fmt::format("{}: {} changes from '{}' to '{}'", dist_, field, before, now));
    }
    void compare(const char* field, bool before, bool now) {
        compare(field, std::string(before ? "yes" : "no"), std::string(now ? "yes" : "no"));
    }

private:
    std::string dist_;
    std::vector<std::string>& changes_;
};

}  // namespace

formats::deb::Release release_of(const std::string& repository, const std::string& dist,
                                 const store::SubManifest& sub_manifest, const Config& config,
                                 base::UnixSeconds date) {
    formats::deb::Release release = release_fields(repository, dist, config, date);
    const std::string prefix = fmt::format("dists/{}/", dist);
    std::set<std::string> architectures;
    std::set<std::string> components;
    for (const auto* set : sub_manifest.all_sets()) {
        if (set->dist != dist) continue;
        components.insert(set->component);
        // Machines that apt may ask for: sources are for none, and packages for all are in every index.
        const std::string machine = store::machine_architecture(set->architecture);
        if (machine != "source" && machine != "all" && machine != store::layout::kTranslations)
            architectures.insert(machine);
        for (const auto& index : set->indexes) {
            release.files.push_back({store::plain_index_path(*set, index).substr(prefix.size()), index.sha256,
                                     index.size, index.sha512});
        }
    }
    release.architectures.assign(architectures.begin(), architectures.end());
    release.components.assign(components.begin(), components.end());
    return release;
}

std::vector<std::string> release_info_changes(const store::GenerationReader& parent, const Config& config,
                                              const std::string& repository) {
    std::vector<std::string> changes;
    const store::SubManifest* deb = parent.find_format("deb");
    if (deb == nullptr) return changes;
    std::set<std::string> dists;
    for (const auto& set : deb->sets) dists.insert(set.dist);
    for (const auto& dist : dists) {
        const auto text = parent.pointer_file(fmt::format("dists/{}/Release", dist));
        if (!text) continue;  // nobody can have read it
        const formats::deb::ReleaseInfo before = formats::deb::read_release(*text);
        const formats::deb::Release now = release_fields(repository, dist, config, 0);
        Comparison comparison(dist, changes);
        comparison.compare("Origin", before.origin, now.origin);
        comparison.compare("Label", before.label, now.label);
        comparison.compare("Codename", before.codename, now.codename);
        comparison.compare("NotAutomatic", before.not_automatic, now.not_automatic);
        comparison.compare("ButAutomaticUpgrades", before.but_automatic_upgrades, now.but_automatic_upgrades);
    }
    return changes;
}

std::optional<base::UnixSeconds> valid_until(const store::GenerationReader& reader) {
    std::optional<base::UnixSeconds> earliest;
    const store::SubManifest* deb = reader.find_format("deb");
    if (deb == nullptr) return earliest;
    for (const auto& pointer : deb->pointers) {
        if (!pointer.path.ends_with("/Release")) continue;
        const auto end =
            formats::deb::read_release(reader.pointer_file(pointer.path).value_or("")).valid_until;
        if (end && (!earliest || *end < *earliest)) earliest = end;
    }
    return earliest;
}

// Every client of a suite stops and asks when one of these changes: nobody does that by accident.
void check_release_info(const store::GenerationReader& parent, const Config& config,
                        const std::string& repository, Becomes becomes, const std::string& verb) {
    if (becomes == Becomes::unsigned_metadata && parent.pointer_file("MANIFEST.asc")) {
        throw base::Error(base::ErrorKind::policy, verb, repository,
                          "it is signed, and no key is set for it any more: clients that check signatures "
                          "would refuse it",
                          "restore 'sign' in repotool.yaml, or allow it with --allow-release-info-change");
    }
    const auto changes = release_info_changes(parent, config, repository);
    if (changes.empty()) return;
    throw base::Error(
        base::ErrorKind::policy, verb, repository,
        fmt::format("apt-get update of every client would fail until its user agrees: {}", changes[0]),
        "restore the setting in repotool.yaml, or allow it with --allow-release-info-change");
}

}  // namespace repotool::publisher
