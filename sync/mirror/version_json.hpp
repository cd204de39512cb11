// SPDX-License-Identifier: GPL-3.0-or-later
// A version as journals, notes and the agent's protocol have it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sync/mirror/transaction.hpp"

namespace repotool::sync {

nlohmann::json version_json(const Version& version);
// Throws nlohmann::json::exception.
Version version_from(const nlohmann::json& document);

}  // namespace repotool::sync
