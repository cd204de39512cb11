// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/field_writer.hpp"

#include "core/base/text.hpp"
#include "core/formats/deb/control_stanza.hpp"

namespace repotool::formats::deb {

void append_utf8(std::string& target, std::string_view text) {
    if (base::is_valid_utf8(text)) {
        target += text;
        return;
    }
    for (const char character : text) {
        const auto code = static_cast<unsigned char>(character);
        if (code < 0x80) {
            target += character;
        } else {
            target += static_cast<char>(0xC0U | (code >> 6U));
            target += static_cast<char>(0x80U | (code & 0x3FU));
        }
    }
}

void append_field(std::string& target, std::string_view name, std::string_view value) {
    target += name;
    const bool brings_blank =
        value.empty() || value.front() == ' ' || value.front() == '\t' || value.front() == '\n';
    target += brings_blank ? ":" : ": ";
    append_utf8(target, value);
    target += '\n';
}

bool is_in_order(const char* const* order, std::string_view field) noexcept {
    for (; *order != nullptr; ++order) {
        if (is_same_field(*order, field)) return true;
    }
    return false;
}

}  // namespace repotool::formats::deb
