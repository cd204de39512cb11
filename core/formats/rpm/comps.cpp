// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/comps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <set>
#include <utility>
#include <vector>

#include "core/formats/rpm/comps_group.hpp"
#include "core/formats/rpm/extra_pieces.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/xml_outline.hpp"

namespace repotool::formats::rpm {
namespace {

// Kinds of pieces, in the order of the document type that dnf's libcomps has (comps.dtd).
constexpr std::string_view kGroup = "1";
constexpr std::string_view kLangpack = "4";
constexpr std::string_view kOther = "5";

std::string_view kind_of(std::string_view element) {
    if (element == "group") return kGroup;
    if (element == "category") return "2";
    if (element == "environment") return "3";
    return kOther;
}

std::string attribute(const XmlChild& child, const std::string& name) {
    const auto found = child.attributes.find(name);
    return found == child.attributes.end() ? std::string() : found->second;
}

void read_langpacks(const XmlChild& langpacks, const std::string& shown_as, Pieces& pieces) {
    const XmlOutline outline = outline_xml(langpacks.bytes, shown_as);
    for (const auto& match : outline.children) {
        pieces.push_back(
            {make_key({std::string(kLangpack), match.element, attribute(match, "name")}), match.bytes});
    }
}

Pieces read_comps(std::string_view text, const std::string& shown_as) {
    Pieces pieces;
    if (text.empty()) return pieces;
    const XmlOutline outline = outline_xml(text, shown_as);
    if (outline.element != "comps") {
        refuse(shown_as, fmt::format("its outermost element is <{}>, expected <comps>", outline.element));
    }
    for (const auto& child : outline.children) {
        if (child.element == "langpacks") {
            read_langpacks(child, shown_as, pieces);
            continue;
        }
        const auto kind = kind_of(child.element);
        if (kind != kOther && child.id.empty()) {
            refuse(shown_as, fmt::format("a <{}> of it has no <id>", child.element));
        }
        pieces.push_back({make_key({std::string(kind), child.element, child.id}), child.bytes});
    }
    make_canonical(pieces);
    return pieces;
}

std::string render(const Pieces& pieces) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<comps>\n";
    const auto is_langpack = [](const Piece& piece) { return piece.key.starts_with(kLangpack); };
    const auto first = std::find_if(pieces.begin(), pieces.end(), is_langpack);
    const auto last = std::find_if_not(first, pieces.end(), is_langpack);
    const auto append = [&text](auto begin, auto end, std::string_view indent) {
        for (auto piece = begin; piece != end; ++piece) {
            text.append(indent).append(piece->bytes).append(1, '\n');
        }
    };
    append(pieces.begin(), first, "  ");
    if (first != last) {
        text += "  <langpacks>\n";
        append(first, last, "    ");
        text += "  </langpacks>\n";
    }
    append(last, pieces.end(), "  ");
    return text + "</comps>\n";
}

using Range = std::pair<Pieces::iterator, Pieces::iterator>;

// The packages that the groups of `current` have and those of `incoming` lack, each once.
std::vector<XmlChild> missing_packages(const Range& current, const Range& incoming,
                                       const std::string& shown_as) {
    std::set<std::string> present;
    for (auto group = incoming.first; group != incoming.second; ++group) {
        for (const auto& package : packages_of(group->bytes, shown_as)) present.insert(package.text);
    }
    std::vector<XmlChild> missing;
    for (auto group = current.first; group != current.second; ++group) {
        for (auto& package : packages_of(group->bytes, shown_as)) {
            if (present.insert(package.text).second) missing.push_back(std::move(package));
        }
    }
    return missing;
}

// Adds to the groups of `incoming` the packages that only `current` has in them. Returns what holds the bytes
// of the groups that this changed.
std::list<std::string> keep_packages(Pieces& current, Pieces& incoming, const std::string& shown_as) {
    std::list<std::string> changed;
    for (auto group = current.begin(); group != current.end() && group->key.starts_with(kGroup);) {
        const Range ours{group, std::upper_bound(group, current.end(), *group, is_before)};
        const Range theirs = std::equal_range(incoming.begin(), incoming.end(), *group, is_before);
        group = ours.second;
        if (theirs.first == theirs.second) continue;
        const auto missing = missing_packages(ours, theirs, shown_as);
        if (missing.empty()) continue;
        changed.push_back(add_packages(theirs.first->bytes, missing, shown_as));
        theirs.first->bytes = changed.back();
    }
    return changed;
}

}  // namespace

std::string merge_comps(std::string_view current, std::string_view incoming, const std::string& shown_as) {
    Pieces old = read_comps(current, shown_as);
    Pieces both = read_comps(incoming, shown_as);
    const auto changed_groups = keep_packages(old, both, shown_as);
    return render(merge_pieces(std::move(old), std::move(both)));
}

}  // namespace repotool::formats::rpm
