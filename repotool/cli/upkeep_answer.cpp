// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/upkeep_answer.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace repotool::cli {

nlohmann::ordered_json tally_json(const store::Tally& tally) {
    return {{"files", tally.files}, {"bytes", tally.bytes}};
}

std::string tally_text(const store::Tally& tally, const char* noun) {
    return fmt::format("{} ({})", base::counted(tally.files, noun), base::human_size(tally.bytes));
}

std::string age_text(std::int64_t seconds) {
    if (seconds >= 2 * 86400) return fmt::format("{} d", seconds / 86400);
    if (seconds >= 2 * 3600) return fmt::format("{} h", seconds / 3600);
    if (seconds >= 2 * 60) return fmt::format("{} min", seconds / 60);
    return fmt::format("{} s", seconds);
}

nlohmann::ordered_json printable_list(const std::vector<std::string>& texts) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& text : texts) list.push_back(base::printable(text));
    return list;
}

}  // namespace repotool::cli
