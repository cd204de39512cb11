// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace repotool::signing {
namespace {

constexpr std::string_view kCommon = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// The value of a digit; above 63 where it is none.
unsigned digit(char c, std::string_view last_two) {
    if (const auto place = kCommon.find(c); place != std::string_view::npos)
        return static_cast<unsigned>(place);
    const auto place = last_two.find(c);
    return place == std::string_view::npos ? 64U : static_cast<unsigned>(kCommon.size() + place);
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const std::string_view last_two = text.find_first_of("-_") == std::string_view::npos ? "+/" : "-_";
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    text.remove_suffix(padding);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const unsigned value = digit(c, last_two);
        if (value > 63) return std::nullopt;
        bits = bits << 6U | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xffU);
    }
    // What is left over of the last digit must be nothing: else two texts would stand for the same bytes.
    if ((bits & ((1U << count) - 1U)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace repotool::signing
