// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

std::string sentence(const CombinationReport& combination) {
    const Verdict& verdict = combination.verdict;
    std::string text =
        fmt::format("{} failed {}", combination_text(combination.release, combination.dist),
                    verdict.check.empty() ? std::string("its gate") : fmt::format("'{}'", verdict.check));
    if (!verdict.reason.empty()) text += ": " + verdict.reason;
    if (!verdict.log_url.empty()) text += ", see " + verdict.log_url;
    return text;
}

}  // namespace

const char* verdict_name(VerdictState state) noexcept {
    switch (state) {
        case VerdictState::unchecked:
            return "unchecked";
        case VerdictState::passed:
            return "passed";
        case VerdictState::failed:
            return "failed";
        case VerdictState::disabled:
            return "disabled";
    }
    return "";
}

UpdateReport make_report(const Update& update, std::vector<BuildReport> builds) {
    UpdateReport report{update, std::move(builds), {}};
    for (const auto& build : update.builds) {
        auto& all = report.combinations;
        const bool is_known = std::any_of(all.begin(), all.end(), [&](const CombinationReport& other) {
            return other.release == build.repo && other.dist == build.dist;
        });
        if (!is_known) all.push_back({build.repo, build.dist, {}});
    }
    return report;
}

void collate_verdicts(std::vector<UpdateReport>& updates, const Config& config, const Judge& judge) {
    for (auto& update : updates) {
        for (auto& combination : update.combinations) {
            const auto* disabled = config.find_disabled(combination.release, combination.dist);
            if (disabled != nullptr)
                combination.verdict = {VerdictState::disabled, "", "", disabled->reason};
            else if (judge)
                combination.verdict = judge(update, combination);
        }
    }
}

void demand_verdicts(const std::vector<UpdateReport>& updates, const std::string& operation) {
    std::optional<base::Error> first;
    std::vector<std::string> others;
    for (const auto& update : updates) {
        for (const auto& combination : update.combinations) {
            if (combination.verdict.state != VerdictState::failed) continue;
            base::Error error(base::ErrorKind::policy, operation, update.update.file, sentence(combination),
                              "all combinations of an update pass, or none of it is promoted");
            if (first)
                others.emplace_back(error.what());
            else
                first.emplace(std::move(error));
        }
    }
    if (!first) return;
    first->set_also(std::move(others));
    throw base::Error(*first);
}

}  // namespace repotool::publisher
