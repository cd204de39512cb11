// SPDX-License-Identifier: GPL-3.0-or-later
// What became of an update, as the member `updates` of answers (schemas/publish-result.schema.json).
#pragma once

#include <nlohmann/json.hpp>

#include "repotool/updates/report.hpp"

namespace repotool::publisher {

nlohmann::ordered_json update_json(const UpdateReport& report);

}  // namespace repotool::publisher
