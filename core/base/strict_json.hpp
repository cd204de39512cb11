// SPDX-License-Identifier: GPL-3.0-or-later
// JSON of other people. Where two readers could understand a document differently, it is refused: duplicate
// keys, text after its end, bytes that are no UTF-8; and where it is made to exhaust its reader: deep nests.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace repotool::base {

inline constexpr int kDeepestJson = 32;  // objects and lists in each other

// Throws base::Error (input); `name` is the document's, for messages. Whoever calls it bounds its size.
nlohmann::json parse_strict_json(std::string_view text, const std::string& name);

}  // namespace repotool::base
