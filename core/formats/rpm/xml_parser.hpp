// SPDX-License-Identifier: GPL-3.0-or-later
// expat with the doors closed: no DTD, no entity but XML's own five, bounded depth.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace repotool::formats::rpm {

using XmlAttributes = std::map<std::string, std::string>;

// What a document is read into. Element names come without a prefix ("rpm:entry" is "entry").
struct XmlHandlers {
    std::function<void(const std::string& element, const XmlAttributes& attributes, int depth)> begin;
    std::function<void(const std::string& element, const std::string& text, int depth)> end;
};

// Parses the parts as one document, in which the outermost element has depth 0. `text` of an element is its
// character data after the last child. Throws base::Error (integrity) "cannot read '<shown_as>'".
void parse_xml(std::initializer_list<std::string_view> parts, const XmlHandlers& handlers,
               const std::string& shown_as);

}  // namespace repotool::formats::rpm
