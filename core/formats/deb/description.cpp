// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/description.hpp"

#include <fmt/format.h>

#include <optional>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"

namespace repotool::formats::deb {
namespace {

// Where a field is in the text, from its name to the end of its last line.
struct Place {
    std::size_t start = 0;
    std::size_t size = 0;
};

// `field` with its colon, as our stanzas spell it. A line that begins with a field's name is never the
// continuation of another.
std::optional<Place> find_field(std::string_view text, const std::string& field) {
    const std::size_t before = text.find("\n" + field);
    if (before == std::string_view::npos) return std::nullopt;
    const std::size_t start = before + 1;
    std::size_t end = text.find('\n', start) + 1;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) end = text.find('\n', end) + 1;
    return Place{start, end - start};
}

void remove_field(std::string& text, const std::string& field) {
    if (const auto place = find_field(text, field)) text.erase(place->start, place->size);
}

}  // namespace

SplitDescription split_description(const IndexText& full, std::string_view name) {
    constexpr std::string_view kField = "Description:";
    SplitDescription split{full, {}};
    remove_field(split.packages.after, "Description-md5:");
    std::string& text = split.packages.after;
    const auto place = find_field(text, std::string(kField));
    if (!place) return split;
    const std::string field = text.substr(place->start, place->size);
    const std::string description(base::trim(std::string_view(field).substr(kField.size())));
    const std::string digest = base::md5_hex(description + "\n");
    const std::string synopsis = field.substr(0, field.find('\n') + 1);
    text.replace(place->start, place->size, fmt::format("{}Description-md5: {}\n", synopsis, digest));
    split.translation =
        fmt::format("Package: {}\nDescription-md5: {}\nDescription-en: {}\n\n", name, digest, description);
    return split;
}

}  // namespace repotool::formats::deb
