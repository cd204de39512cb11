// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/extra_metadata.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "core/formats/rpm/comps.hpp"
#include "core/formats/rpm/modules.hpp"
#include "core/formats/rpm/packed_file.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/updateinfo.hpp"
#include "core/formats/rpm/xml_parser.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::size_t kMaximumType = 32;

// Names that createrepo_c, koji, pulp and the distributions give such files, without digest and suffix.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kNames{{
    {"updateinfo.xml", "updateinfo"},
    {"*-updateinfo.xml", "updateinfo"},
    {"*_updateinfo.xml", "updateinfo"},
    {"comps.xml", "group"},
    {"comps-*.xml", "group"},
    {"*-comps.xml", "group"},
    {"group.xml", "group"},
    {"modules.yaml", "modules"},
    {"*-modules.yaml", "modules"},
    {"modulemd", "modules"},
    {"modulemd.yaml", "modules"},
    {"modulemd.*.txt", "modules"},
    {"productid", "productid"},
}};
constexpr std::array<std::string_view, 4> kSuffixes{".gz", ".xz", ".zst", ".bz2"};

// "<digest>-comps.xml" without what createrepo_c puts before names.
std::string_view without_digest(std::string_view name) {
    const auto dash = name.find_first_not_of("0123456789abcdef");
    constexpr std::size_t kMd5Digits = 32;
    const bool has_digest = dash != std::string_view::npos && dash >= kMd5Digits && name[dash] == '-';
    return has_digest ? name.substr(dash + 1) : name;
}

bool is_made_from_packages(std::string_view type) {
    constexpr std::array<std::string_view, 5> kMade{"primary", "filelists", "filelists-ext", "other",
                                                    "group_gz"};
    return std::find(kMade.begin(), kMade.end(), type) != kMade.end() || type.ends_with("_db") ||
           type.ends_with("_zck");
}

std::string merge_shown(std::string_view type, std::string_view current, std::string_view incoming,
                        const std::string& shown_as) {
    if (current.empty() && incoming.empty()) return {};
    if (type == "updateinfo") return merge_updateinfo(current, incoming, shown_as);
    if (type == "group") return merge_comps(current, incoming, shown_as);
    if (type == "modules") return merge_modules(current, incoming, shown_as);
    return std::string(incoming.empty() ? current : incoming);
}

}  // namespace

bool is_extra_type(std::string_view type) noexcept {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_allowed = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !type.empty() && type.size() <= kMaximumType && is_letter(type.front()) &&
           std::all_of(type.begin(), type.end(), is_allowed) && !is_made_from_packages(type);
}

bool is_merged_type(std::string_view type) noexcept {
    return type == "updateinfo" || type == "group" || type == "modules";
}

std::string canonical_file_name(std::string_view type) {
    if (type == "updateinfo") return "updateinfo.xml";
    if (type == "group") return "comps.xml";
    if (type == "modules") return "modules.yaml";
    return std::string(type);
}

std::optional<std::string> detect_type(std::string_view file_name) {
    for (const auto suffix : kSuffixes) {
        if (!file_name.ends_with(suffix)) continue;
        file_name.remove_suffix(suffix.size());
        break;
    }
    file_name = without_digest(file_name);
    const auto* found = std::find_if(kNames.begin(), kNames.end(), [file_name](const auto& name) {
        return base::matches_glob(name.first, file_name);
    });
    return found == kNames.end() ? std::nullopt : std::optional(std::string(found->second));
}

std::string read_extra(std::string_view type, const std::string& path, const std::string& shown_as) {
    const std::string text = read_packed_file(path, kMaximumExtra, shown_as);
    if (text.empty()) refuse(shown_as, "it is empty");
    std::string canonical = merge_shown(type, {}, text, shown_as);
    // Where a document names its type, references to unknown entities are no error; without it they are.
    const bool may_hide_entities = text.find("<!DOCTYPE") != std::string::npos;
    const XmlRules strict{base::ErrorKind::input, XmlDoctype::refused};
    if (may_hide_entities && canonical_file_name(type).ends_with(".xml"))
        parse_xml({canonical}, {}, shown_as, strict);
    return canonical;
}

std::string merge_extra(std::string_view type, std::string_view current, std::string_view incoming) {
    return merge_shown(type, current, incoming, canonical_file_name(type));
}

}  // namespace repotool::formats::rpm
