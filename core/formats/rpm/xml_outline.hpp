// SPDX-License-Identifier: GPL-3.0-or-later
// A document as its outermost element and that one's children, each with its place in the text: for who
// takes documents apart and puts the pieces together again without touching a byte of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/formats/rpm/xml_parser.hpp"

namespace repotool::formats::rpm {

struct XmlChild {
    std::string element;
    XmlAttributes attributes;
    std::string_view bytes;  // from its start tag to its end tag
    std::string text;        // its character data after its last child, without white space around
    std::string id;          // the text of its first <id>
};

struct XmlOutline {
    std::string element;
    XmlAttributes attributes;
    std::string_view opening;  // the start tag
    std::vector<XmlChild> children;
};

// The bytes in the outline are those of `text`. Throws base::Error (input) for what is not well-formed and
// for declarations inside of a document type.
XmlOutline outline_xml(std::string_view text, const std::string& shown_as);

}  // namespace repotool::formats::rpm
