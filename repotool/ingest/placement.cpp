// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

std::vector<std::string> names_of(const std::vector<const DistConfig*>& dists) {
    std::vector<std::string> names;
    for (const auto* dist : dists) names.push_back(dist->name);
    return names;
}

const DistConfig& named_dist(const Candidate& candidate, const Config& config, const std::string& name) {
    if (const auto* dist = config.find_dist(name, candidate.format)) return *dist;
    const auto known = names_of(config.dists_of(candidate.format));
    throw Error(ErrorKind::usage, "publish", candidate.origin,
                fmt::format("there is no {} dist '{}' in the configuration (there is: {})",
                            formats::format_name(candidate.format), name, base::join(known, ", ")),
                "add it to dists: in repotool.yaml, or name another one with --dist");
}

bool fits(const DistConfig& dist, const Candidate& candidate) {
    const std::string stem =
        candidate.file_name.substr(0, candidate.file_name.rfind('.'));  // without .rpm, .deb
    const std::string evr =
        stem.substr(0, std::min(stem.rfind('.'), stem.rfind('_')));  // without the architecture
    return std::any_of(dist.match.begin(), dist.match.end(), [&](const std::string& pattern) {
        return base::matches_glob(pattern, stem) || base::matches_glob(pattern, evr);
    });
}

const DistConfig& choose_dist(const Candidate& candidate, const Config& config) {
    const auto all = config.dists_of(candidate.format);
    std::vector<const DistConfig*> fitting;
    std::copy_if(all.begin(), all.end(), std::back_inserter(fitting),
                 [&](const DistConfig* dist) { return fits(*dist, candidate); });
    if (fitting.size() == 1) return *fitting[0];
    if (fitting.empty() && all.size() == 1) return *all[0];
    const auto choice = names_of(fitting.empty() ? all : fitting);
    const std::string reason =
        all.empty() ? fmt::format("the configuration has no {} dist", formats::format_name(candidate.format))
        : fitting.empty() ? fmt::format("no dist fits it by match:, and there is more than one: {}",
                                        base::join(choice, ", "))
                          : fmt::format("more than one dist fits it: {}", base::join(choice, ", "));
    throw Error(ErrorKind::usage, "publish", candidate.origin, reason, "name the dist with --dist");
}

// What `Distribution:` of a .changes says: the name of a dist, or what its Release calls itself.
const DistConfig& distribution(const Candidate& candidate, const Config& config, const std::string& name) {
    for (const auto* dist : config.dists_of(candidate.format)) {
        if (name == dist->name || name == dist->suite || name == dist->codename) return *dist;
    }
    return named_dist(candidate, config, name);
}

std::string deb_prefix(const std::string& source) {
    return source.starts_with("lib") && source.size() > 3 ? source.substr(0, 4) : source.substr(0, 1);
}

}  // namespace

std::string describe(const Candidate& candidate) {
    return fmt::format("{} {} ({})", candidate.record.name, candidate.record.version,
                       candidate.record.architecture);
}

void check_architecture(const Candidate& candidate) {
    const std::string architecture = set_architecture(candidate);
    if (store::is_architecture_name(architecture)) return;
    throw Error(ErrorKind::input, "publish", candidate.origin,
                fmt::format("its architecture '{}' is not one that a repository can have", architecture));
}

void check_dist(Candidate& candidate, const Config& config) {
    candidate.debug = named_dist(candidate, config, candidate.dist).debug;
}

void place(Candidate& candidate, const Config& config, const PlacementOptions& options,
           const std::string& changes_distribution) {
    check_architecture(candidate);
    // --dist names a dist of one format; packages of the other one go where they would go without it.
    bool applies = !options.dist.empty();
    const auto other = candidate.format == formats::Format::deb ? formats::Format::rpm : formats::Format::deb;
    if (applies && config.find_dist(options.dist, candidate.format) == nullptr &&
        config.find_dist(options.dist, other) != nullptr)
        applies = false;
    const DistConfig& dist = applies ? named_dist(candidate, config, options.dist)
                             : !changes_distribution.empty()
                                 ? distribution(candidate, config, changes_distribution)
                                 : choose_dist(candidate, config);
    candidate.dist = dist.name;
    candidate.debug = dist.debug;
    if (candidate.format == formats::Format::rpm) return;
    candidate.component = options.component.empty() ? dist.components.at(0) : options.component;
    if (candidate.kind == formats::PackageKind::debug && dist.debug == DebugPlace::apart)
        candidate.component += "-debug";
    else if (std::find(dist.components.begin(), dist.components.end(), candidate.component) ==
             dist.components.end()) {
        throw Error(ErrorKind::usage, "publish", candidate.origin,
                    fmt::format("dist '{}' has no component '{}' (it has: {})", dist.name,
                                candidate.component, base::join(dist.components, ", ")),
                    "add it to the dist's components: in repotool.yaml");
    }
}

std::string extra_dist(const ExtraCandidate& extra, const Config& config, const PlacementOptions& options,
                       const std::vector<Candidate>& packages) {
    const auto dists = config.dists_of(formats::Format::rpm);
    if (config.find_dist(options.dist, formats::Format::rpm) != nullptr) return options.dist;
    if (dists.size() == 1) return dists[0]->name;
    std::set<std::string> beside;
    for (const auto& package : packages) {
        if (package.format == formats::Format::rpm) beside.insert(package.dist);
    }
    if (beside.size() == 1) return *beside.begin();
    throw Error(ErrorKind::usage, "publish", extra.origin,
                dists.empty()
                    ? "the configuration has no rpm dist"
                    : fmt::format("there is more than one rpm dist: {}", base::join(names_of(dists), ", ")),
                "name the dist with --dist");
}

std::string pool_path(const Candidate& candidate, PathStyle style) {
    const std::string digest =
        style == PathStyle::with_digest ? candidate.record.sha256.substr(0, 12) + "/" : std::string();
    if (candidate.format == formats::Format::deb) {
        const std::string& source = candidate.record.source;
        return fmt::format("{}/{}/{}/{}/{}{}", candidate.dist, candidate.component, deb_prefix(source),
                           source, digest, candidate.file_name);
    }
    const auto first = static_cast<char>(std::tolower(static_cast<unsigned char>(candidate.record.name[0])));
    return fmt::format("rpm/{}/Packages/{}/{}{}", candidate.dist, first, digest, candidate.file_name);
}

std::string set_architecture(const Candidate& candidate) {
    return set_architecture(candidate, candidate.record.architecture);
}

std::string set_architecture(const Candidate& candidate, const std::string& machine) {
    switch (candidate.kind) {
        case formats::PackageKind::source:
            return "source";
        case formats::PackageKind::udeb:
            return "udeb-" + machine;
        case formats::PackageKind::debug:
            return candidate.debug == DebugPlace::apart && candidate.format == formats::Format::rpm
                       ? machine + "-debug"
                       : machine;
        default:
            return machine;
    }
}

}  // namespace repotool::publisher
