// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/closure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/text.hpp"
#include "core/formats/deb/relations_reader.hpp"
#include "core/formats/deb/version.hpp"
#include "core/formats/relations.hpp"
#include "core/formats/rpm/relations_reader.hpp"
#include "core/formats/rpm/version.hpp"
#include "core/store/names.hpp"
#include "repotool/index/index_parts.hpp"

namespace repotool::publisher {
namespace {

using formats::PackageRelations;
using formats::Relation;
using store::GenerationReader;

using Alternatives = std::vector<Relation>;

// A machine of one architecture with one dist takes from all of its sets.
using Place = std::pair<std::string, std::string>;
using Packages = std::map<Place, std::vector<PackageRelations>>;

Packages packages_of(const GenerationReader& generation, const std::string& format) {
    Packages packages;
    const auto* sub_manifest = generation.find_format(format);
    if (sub_manifest == nullptr) return packages;
    const bool is_deb = format == "deb";
    for (const auto& set : sub_manifest->sets) {
        if (store::set_kind(set.architecture) != store::SetKind::binary) continue;
        auto& here = packages[{set.dist, set.architecture}];
        for_each_chunk_text(generation, set, is_deb ? "Packages" : "primary", [&](const std::string& text) {
            auto read = is_deb ? formats::deb::read_relations(text) : formats::rpm::read_relations(text);
            std::move(read.begin(), read.end(), std::back_inserter(here));
        });
    }
    return packages;
}

// librpm leaves releases alone where one side has none.
int compare_rpm_versions(const std::string& left, const std::string& right) {
    const auto bare = [](const std::string& version) { return version.substr(0, version.rfind('-')); };
    const bool has_both = left.find('-') != std::string::npos && right.find('-') != std::string::npos;
    return has_both ? formats::rpm::compare_versions(left, right)
                    : formats::rpm::compare_versions(bare(left), bare(right));
}

class Offers {
public:
    explicit Offers(bool is_deb) : is_deb_(is_deb) {}

    void add(const std::vector<PackageRelations>& packages) {
        for (const auto& package : packages) {
            by_name_[package.name].push_back({package.name, "=", package.version});
            for (const auto& offer : package.offers) by_name_[offer.name].push_back(offer);
        }
    }
    bool knows(const Relation& need) const { return by_name_.contains(bare_name(need.name)); }
    bool has(const Relation& need) const {
        const auto found = by_name_.find(need.name);
        return found != by_name_.end() &&
               std::any_of(found->second.begin(), found->second.end(),
                           [&](const Relation& offer) { return fits(need, offer); });
    }
    std::string versions(const std::string& name) const {
        const auto found = by_name_.find(bare_name(name));
        if (found == by_name_.end()) return {};
        std::set<std::string> texts;
        for (const auto& offer : found->second)
            texts.insert(offer.version.empty() ? offer.name : offer.name + " " + offer.version);
        return base::join({texts.begin(), texts.end()}, ", ");
    }

private:
    std::string bare_name(const std::string& name) const {
        const std::string_view suffix = formats::deb::kAnyArchitecture;
        return is_deb_ && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
    }
    // Whether both speak of some version alike. What has no version: dpkg takes it for none, librpm for any.
    bool fits(const Relation& need, const Relation& offer) const {
        if (need.operation.empty()) return true;
        if (offer.operation.empty()) return !is_deb_;
        const int order = is_deb_ ? formats::deb::compare_versions(offer.version, need.version)
                                  : compare_rpm_versions(offer.version, need.version);
        const auto goes = [](const Relation& relation, char direction) {
            return relation.operation.find(direction) != std::string::npos;
        };
        if (order < 0) return goes(offer, '>') || goes(need, '<');
        if (order > 0) return goes(offer, '<') || goes(need, '>');
        return (goes(offer, '=') && goes(need, '=')) || (goes(offer, '<') && goes(need, '<')) ||
               (goes(offer, '>') && goes(need, '>'));
    }

    bool is_deb_;
    std::unordered_map<std::string, std::vector<Relation>> by_name_;
};

std::string text_of(const Alternatives& alternatives) {
    std::vector<std::string> texts;
    for (const auto& relation : alternatives)
        texts.push_back(relation.operation.empty()
                            ? relation.name
                            : fmt::format("{} ({} {})", relation.name, relation.operation, relation.version));
    return base::join(texts, " | ");
}

void check_need(const Alternatives& need, const PackageRelations& package, const std::string& place,
                const Offers& offers, ClosureReport& report) {
    ++report.needs;
    if (std::any_of(need.begin(), need.end(), [&](const auto& each) { return offers.has(each); })) return;
    // One that is elsewhere may be the one that is taken.
    if (!std::all_of(need.begin(), need.end(), [&](const auto& each) { return offers.knows(each); })) {
        ++report.outside;
        return;
    }
    std::vector<std::string> here;
    for (const auto& each : need) here.push_back(offers.versions(each.name));
    report.unfulfilled.push_back(
        {place, package.name + " " + package.version, text_of(need), base::join(here, ", ")});
}

void check_format(const std::string& format, const GenerationReader& generation, const GenerationReader* base,
                  ClosureReport& report) {
    const Packages tested = packages_of(generation, format);
    const Packages below = base == nullptr ? Packages{} : packages_of(*base, format);
    for (const auto& [place, packages] : tested) {
        Offers offers(format == "deb");
        offers.add(packages);
        if (const auto found = below.find(place); found != below.end()) offers.add(found->second);
        const std::string shown = fmt::format("{} {} {}", format, place.first, place.second);
        for (const auto& package : packages)
            for (const auto& need : package.needs) check_need(need, package, shown, offers, report);
    }
}

}  // namespace

ClosureReport check_closure(const GenerationReader& generation, const GenerationReader* base) {
    ClosureReport report;
    for (const auto* format : {"deb", "rpm"}) check_format(format, generation, base, report);
    return report;
}

}  // namespace repotool::publisher
