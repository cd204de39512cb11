// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/stanza_reader.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.hpp"
#include "core/formats/deb/apt_errors.hpp"

namespace repotool::formats::deb {

void StanzaReader::refuse(std::string reason) const {
    throw base::Error(base::ErrorKind::integrity, "read", fmt::format("stanza {} of {}", number_, index_),
                      std::move(reason));
}

std::string StanzaReader::required(const char* field) const {
    std::string value = section_.FindS(field);
    if (value.empty()) refuse(fmt::format("it has no {}", field));
    return value;
}

std::string StanzaReader::optional(const char* field) const {
    return section_.FindS(field);
}

std::uint64_t StanzaReader::required_size(const char* field) const {
    return size_of(field, required(field));
}

std::uint64_t StanzaReader::size_of(const char* field, const std::string& text) const {
    std::uint64_t size = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (status != std::errc() || end != text.data() + text.size())
        refuse(fmt::format("its {} '{}' is not a number", field, text));
    return size;
}

void for_each_stanza(const char* index, std::string_view text,
                     const std::function<void(const StanzaReader&)>& visit) {
    pkgTagSection section;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const StanzaReader stanza(section, index, number);
        // Whole stanzas end with an empty line; one that does not was cut off.
        const bool is_whole = section.Scan(text.data(), text.size());
        const std::string complaints = take_apt_errors();
        if (!is_whole) stanza.refuse(complaints.empty() ? "it is not a whole stanza" : complaints);
        visit(stanza);
        text.remove_prefix(section.size());
    }
}

}  // namespace repotool::formats::deb
