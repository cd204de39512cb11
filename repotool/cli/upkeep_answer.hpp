// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that look after a site share in their answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/time.hpp"
#include "core/store/object_collector.hpp"

namespace repotool::cli {

// {"files": …, "bytes": …}
nlohmann::ordered_json tally_json(const store::Tally& tally);
// "12 files (3.4 MiB)"
std::string tally_text(const store::Tally& tally, const char* noun);
// "3 d", "2 h", "5 min", "10 s": the largest unit that fits.
std::string age_text(std::int64_t seconds);
// Paths and names that may be anybody's, for people and for JSON.
nlohmann::ordered_json printable_list(const std::vector<std::string>& texts);

}  // namespace repotool::cli
