// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/relations_reader.hpp"

#include <apt-pkg/deblistparser.h>
#include <apt-pkg/pkgcache.h>

#include "core/formats/deb/stanza_reader.hpp"

namespace repotool::formats::deb {
namespace {

const char* operation_text(unsigned operation) {
    switch (operation & 0x0FU) {
        case pkgCache::Dep::LessEq:
            return "<=";
        case pkgCache::Dep::GreaterEq:
            return ">=";
        case pkgCache::Dep::Less:
            return "<";
        case pkgCache::Dep::Greater:
            return ">";
        case pkgCache::Dep::Equals:
            return "=";
        default:
            return "";
    }
}

// Each element has the alternatives that stand between two commas.
std::vector<std::vector<Relation>> alternatives(const StanzaReader& stanza, const char* field) {
    std::vector<std::vector<Relation>> all;
    const std::string text = stanza.optional(field);
    const char* at = text.data();
    const char* const end = at + text.size();
    bool is_alternative = false;
    while (at != end) {
        Relation relation;
        unsigned operation = 0;
        at = debListParser::ParseDepends(at, end, relation.name, relation.version, operation, false, false,
                                         false, "all");
        if (at == nullptr) stanza.refuse(std::string("its ") + field + " is malformed");
        relation.operation = operation_text(operation);
        if (!is_alternative) all.emplace_back();
        all.back().push_back(std::move(relation));
        is_alternative = (operation & pkgCache::Dep::Or) != 0;
    }
    return all;
}

}  // namespace

std::vector<PackageRelations> read_relations(std::string_view text) {
    std::vector<PackageRelations> packages;
    for_each_stanza("Packages", text, [&](const StanzaReader& stanza) {
        PackageRelations package{stanza.required("Package"),
                                 stanza.required("Version"),
                                 stanza.required("Architecture"),
                                 {},
                                 alternatives(stanza, "Pre-Depends")};
        for (auto& need : alternatives(stanza, "Depends")) package.needs.push_back(std::move(need));
        for (auto& offer : alternatives(stanza, "Provides")) package.offers.push_back(offer.at(0));
        if (stanza.optional("Multi-Arch") == "allowed")
            package.offers.push_back({package.name + kAnyArchitecture, "=", package.version});
        packages.push_back(std::move(package));
    });
    return packages;
}

}  // namespace repotool::formats::deb
