// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error_json.hpp"

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"

namespace repotool::base {

nlohmann::ordered_json error_json(ErrorKind kind, const std::string& object, const std::string& message,
                                  const std::string& hint) {
    return {{"code", exit_code(kind)},     {"kind", kind_name(kind)},       {"retryable", is_retryable(kind)},
            {"object", printable(object)}, {"message", printable(message)}, {"hint", printable(hint)}};
}

}  // namespace repotool::base
