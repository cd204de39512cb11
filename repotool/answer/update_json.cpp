// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/update_json.hpp"

#include "core/base/text.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::ordered_json;

ordered_json build_json(const BuildReport& report) {
    ordered_json packages = ordered_json::array();
    for (const auto& package : report.packages) {
        packages.push_back({{"format", formats::format_name(package.format)},
                            {"name", package.name},
                            {"version", package.version},
                            {"architecture", package.architecture},
                            {"sha256", package.sha256},
                            {"origin", base::printable(package.origin)},
                            {"dist", package.target}});
    }
    return {{"id", report.build.id},
            {"release", report.build.repo},
            {"dist", report.build.dist},
            {"packages", packages}};
}

ordered_json combination_json(const CombinationReport& report) {
    ordered_json combination{
        {"release", report.release}, {"dist", report.dist}, {"verdict", verdict_name(report.verdict.state)}};
    if (!report.verdict.check.empty()) combination["check"] = report.verdict.check;
    if (!report.verdict.log_url.empty()) combination["log_url"] = report.verdict.log_url;
    if (!report.verdict.reason.empty()) combination["reason"] = report.verdict.reason;
    return combination;
}

}  // namespace

ordered_json update_json(const UpdateReport& report) {
    ordered_json builds = ordered_json::array();
    for (const auto& build : report.builds) builds.push_back(build_json(build));
    ordered_json combinations = ordered_json::array();
    for (const auto& combination : report.combinations) combinations.push_back(combination_json(combination));
    ordered_json update{{"file", base::printable(report.update.file)}, {"notes", report.update.notes}};
    if (!report.update.change.empty()) update["change"] = report.update.change;
    if (!report.update.group.empty()) update["group"] = report.update.group;
    update["builds"] = builds;
    update["combinations"] = combinations;
    return update;
}

}  // namespace repotool::publisher
