// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/updateinfo.hpp"

#include <fmt/format.h>

#include "core/formats/rpm/extra_pieces.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/xml_outline.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::string_view kEnd = "</updates>\n";

struct Advisories {
    XmlAttributes attributes;  // of the root: prefixes that its children may use
    Pieces updates;
};

Advisories read_advisories(std::string_view text, const std::string& shown_as) {
    Advisories advisories;
    if (text.empty()) return advisories;
    XmlOutline outline = outline_xml(text, shown_as);
    if (outline.element != "updates") {
        refuse(shown_as, fmt::format("its outermost element is <{}>, expected <updates>", outline.element));
    }
    advisories.attributes = std::move(outline.attributes);
    for (const auto& child : outline.children) {
        if (child.element != "update") {
            refuse(shown_as, fmt::format("<{}> in <updates>, expected <update>", child.element));
        }
        if (child.id.empty()) refuse(shown_as, "an <update> of it has no <id>");
        advisories.updates.push_back({child.id, child.bytes});
    }
    make_canonical(advisories.updates);
    return advisories;
}

std::string render(const Advisories& advisories) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates";
    for (const auto& [name, value] : advisories.attributes) {
        text += fmt::format(" {}=\"{}\"", name, escape_attribute(value));
    }
    text += ">\n";
    constexpr std::string_view kIndent = "  ";
    std::size_t size = text.size() + kEnd.size();
    for (const auto& update : advisories.updates) size += kIndent.size() + update.bytes.size() + 1;
    text.reserve(size);
    for (const auto& update : advisories.updates) text.append(kIndent).append(update.bytes).append(1, '\n');
    return text.append(kEnd);
}

}  // namespace

std::string merge_updateinfo(std::string_view current, std::string_view incoming,
                             const std::string& shown_as) {
    Advisories old = read_advisories(current, shown_as);
    Advisories both = read_advisories(incoming, shown_as);
    both.attributes.merge(old.attributes);
    both.updates = merge_pieces(std::move(old.updates), std::move(both.updates));
    return render(both);
}

}  // namespace repotool::formats::rpm
