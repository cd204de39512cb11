// SPDX-License-Identifier: GPL-3.0-or-later
// What coordinator and agent tell each other, as JSON. Reading throws base::Error (network) for what is not
// as docs/FORMAT.md §12.2 says: either side may be hostile to the other.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync::wire {

// Turns the JSON library's complaints about what `from` sent into ours.
void reading(const std::string& from, const std::function<void()>& read);

nlohmann::json to_json(const TransactionIdentity& identity);
TransactionIdentity identity_from(const nlohmann::json& document);
nlohmann::json to_json(const MirrorState& state);
MirrorState state_from(const nlohmann::json& document);
nlohmann::json to_json(const PlanSummary& plan);
PlanSummary plan_from(const nlohmann::json& document);
nlohmann::json to_json(const Transferred& transferred);
Transferred transferred_from(const nlohmann::json& document);
nlohmann::json to_json(const RetireRequest& request);
RetireRequest retire_request_from(const nlohmann::json& document);
nlohmann::json to_json(const Retired& retired);
Retired retired_from(const nlohmann::json& document);
nlohmann::json to_json(const Inspection& inspection);
Inspection inspection_from(const nlohmann::json& document);
nlohmann::json to_json(const base::Error& error);
base::Error error_from(const nlohmann::json& document);

}  // namespace repotool::sync::wire
