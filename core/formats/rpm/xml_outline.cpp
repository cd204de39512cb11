// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/xml_outline.hpp"

#include "core/base/text.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr int kRootDepth = 0;
constexpr int kChildDepth = 1;
constexpr int kFieldDepth = 2;

}  // namespace

XmlOutline outline_xml(std::string_view text, const std::string& shown_as) {
    XmlOutline outline;
    std::size_t child_begin = 0;
    XmlHandlers handlers;
    handlers.begin = [&](const XmlTag& tag, const XmlAttributes& attributes) {
        if (tag.depth == kRootDepth) {
            outline.element = tag.element;
            outline.attributes = attributes;
            outline.opening = text.substr(tag.offset, tag.length);
        } else if (tag.depth == kChildDepth) {
            outline.children.push_back({tag.element, attributes, {}, {}, {}});
            child_begin = tag.offset;
        }
    };
    handlers.end = [&](const XmlTag& tag, const std::string& content) {
        if (tag.depth == kChildDepth) {
            XmlChild& child = outline.children.back();
            child.bytes = text.substr(child_begin, tag.offset + tag.length - child_begin);
            child.text = base::trim(content);
        } else if (tag.depth == kFieldDepth && tag.element == "id" && outline.children.back().id.empty()) {
            outline.children.back().id = base::trim(content);
        }
    };
    parse_xml({text}, handlers, shown_as, {base::ErrorKind::input, XmlDoctype::only_named});
    return outline;
}

}  // namespace repotool::formats::rpm
