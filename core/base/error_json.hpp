// SPDX-License-Identifier: GPL-3.0-or-later
// An error as programs read it (schemas/error.schema.json).
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.hpp"

namespace repotool::base {

// {"code", "kind", "retryable", "object", "message", "hint"}; text that is no UTF-8 is shown as printable()
// does.
nlohmann::ordered_json error_json(ErrorKind kind, const std::string& object, const std::string& message,
                                  const std::string& hint);

}  // namespace repotool::base
