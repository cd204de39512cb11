// SPDX-License-Identifier: GPL-3.0-or-later
// expat with the doors closed: no DTD, no entity but XML's own five, bounded depth.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace repotool::formats::rpm {

using XmlAttributes = std::map<std::string, std::string>;

// A start or end tag. Element names come without a prefix ("rpm:entry" is "entry").
struct XmlTag {
    std::string element;
    int depth = 0;           // the outermost element has 0
    std::size_t offset = 0;  // of its first byte, in all parts together
    std::size_t length = 0;  // in bytes; <element/> has an end of 0 bytes behind it
};

// What a document is read into. `text` of an element is its character data after the last child.
struct XmlHandlers {
    std::function<void(const XmlTag& tag, const XmlAttributes& attributes)> begin;
    std::function<void(const XmlTag& tag, const std::string& text)> end;
};

// Whether a document may name its type (<!DOCTYPE comps PUBLIC …>). Nothing is ever loaded, and declarations
// inside are refused in any case.
enum class XmlDoctype { refused, only_named };

struct XmlRules {
    base::ErrorKind broken = base::ErrorKind::integrity;
    XmlDoctype doctype = XmlDoctype::refused;
};

// Parses the parts as one document. Throws base::Error of kind `rules.broken`, "cannot read '<shown_as>'".
void parse_xml(std::initializer_list<std::string_view> parts, const XmlHandlers& handlers,
               const std::string& shown_as, const XmlRules& rules = {});

}  // namespace repotool::formats::rpm
