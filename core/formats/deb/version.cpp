// SPDX-License-Identifier: GPL-3.0-or-later
// As dpkg does it. Epochs are compared like the other parts: they are digits alone in any version that gets
// in, and any other text has its place, too.
#include "core/formats/deb/version.hpp"

namespace repotool::formats::deb {
namespace {

struct Parts {
    std::string_view epoch;
    std::string_view upstream;
    std::string_view revision;
};

Parts split_version(std::string_view version) {
    Parts parts;
    if (const std::size_t colon = version.find(':'); colon != std::string_view::npos) {
        parts.epoch = version.substr(0, colon);
        version.remove_prefix(colon + 1);
    }
    const std::size_t dash = version.rfind('-');
    parts.upstream = version.substr(0, dash);
    if (dash != std::string_view::npos) parts.revision = version.substr(dash + 1);
    return parts;
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

bool starts_with_digit(std::string_view text) {
    return !text.empty() && is_digit(text.front());
}

// `~` sorts before the end of a part, which digits count as here, then letters, then all other characters.
int weight(std::string_view text) {
    if (text.empty() || is_digit(text.front())) return 0;
    const char character = text.front();
    if (character == '~') return -1;
    const bool is_letter = (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
    const int code = static_cast<unsigned char>(character);
    return is_letter ? code : code + 256;
}

void remove_first(std::string_view& text) {
    if (!text.empty()) text.remove_prefix(1);
}

// Both are left at their first digit, or at their end.
int compare_words(std::string_view& left, std::string_view& right) {
    while ((!left.empty() && !starts_with_digit(left)) || (!right.empty() && !starts_with_digit(right))) {
        const int difference = weight(left) - weight(right);
        if (difference != 0) return difference;
        remove_first(left);
        remove_first(right);
    }
    return 0;
}

std::string_view take_number(std::string_view& text) {
    while (!text.empty() && text.front() == '0') text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() && is_digit(text[length])) ++length;
    const std::string_view number = text.substr(0, length);
    text.remove_prefix(length);
    return number;
}

int compare_numbers(std::string_view& left, std::string_view& right) {
    const std::string_view one = take_number(left);
    const std::string_view other = take_number(right);
    if (one.size() != other.size()) return one.size() < other.size() ? -1 : 1;
    return one.compare(other);
}

int compare_parts(std::string_view left, std::string_view right) {
    while (!left.empty() || !right.empty()) {
        if (const int order = compare_words(left, right); order != 0) return order;
        if (const int order = compare_numbers(left, right); order != 0) return order;
    }
    return 0;
}

}  // namespace

int compare_versions(std::string_view left, std::string_view right) noexcept {
    const Parts one = split_version(left);
    const Parts other = split_version(right);
    if (const int order = compare_parts(one.epoch, other.epoch); order != 0) return order;
    if (const int order = compare_parts(one.upstream, other.upstream); order != 0) return order;
    return compare_parts(one.revision, other.revision);
}

}  // namespace repotool::formats::deb
