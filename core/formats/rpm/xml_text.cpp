// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/xml_text.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace repotool::formats::rpm {
namespace {

bool is_forbidden_control(char byte) noexcept {
    const auto code = static_cast<unsigned char>(byte);
    return code < 32 && byte != '\t' && byte != '\n' && byte != '\r';
}

// U+FFFE and U+FFFF, the two characters above the controls that UTF-8 can write and XML cannot.
bool is_noncharacter_at(std::string_view text, std::size_t position) noexcept {
    const std::string_view three = text.substr(position, 3);
    return three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf";
}

std::string from_latin1(std::string_view text) {
    std::string result;
    result.reserve(text.size() + text.size() / 4);
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 128) {
            if (!is_forbidden_control(byte)) result += byte;
        } else if (code >= 192) {
            result += '\xc3';
            result += static_cast<char>(0x80U | (code & 0x3fU));
        }
    }
    return result;
}

std::string without_forbidden(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_forbidden_control(text[i])) continue;
        if (is_noncharacter_at(text, i)) {
            i += 2;
            continue;
        }
        result += text[i];
    }
    return result;
}

}  // namespace

bool has_forbidden_characters(std::string_view text) noexcept {
    if (std::any_of(text.begin(), text.end(), is_forbidden_control)) return true;
    return text.find("\xef\xbf\xbe") != std::string_view::npos ||
           text.find("\xef\xbf\xbf") != std::string_view::npos;
}

std::string to_xml_characters(std::string_view text) {
    if (!base::is_valid_utf8(text)) return from_latin1(text);
    return has_forbidden_characters(text) ? without_forbidden(text) : std::string(text);
}

std::string escape_text(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char byte : text) {
        switch (byte) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '\r':
                result += "&#13;";
                break;  // a parser would read a plain one as a line feed
            default:
                result += byte;
        }
    }
    return result;
}

std::string escape_attribute(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char byte : text) {
        switch (byte) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\t':
                result += "&#9;";
                break;  // a parser would read plain white space as a blank
            case '\n':
                result += "&#10;";
                break;
            case '\r':
                result += "&#13;";
                break;
            default:
                result += byte;
        }
    }
    return result;
}

}  // namespace repotool::formats::rpm
