// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync retire: what is old leaves the mirrors, as it does after each run.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "sync/cli/setup.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

json to_json(const std::string& name, const Retired& retired) {
    return {{"name", name},
            {"generations", retired.generations},
            {"metadata_files", retired.metadata_files},
            {"package_files", retired.package_files},
            {"purged_files", retired.purged_files},
            {"waiting_files", retired.waiting_files},
            {"bytes", retired.bytes},
            {"left_alone", retired.left_alone}};
}

std::string told(const Retired& retired) {
    const std::string waiting = retired.waiting_files == 0
                                    ? ""
                                    : fmt::format("; the grace of {} is not over",
                                                  base::counted(retired.waiting_files, "package file"));
    if (retired.generations + retired.package_files + retired.metadata_files == 0)
        return "nothing to retire" + waiting;
    return fmt::format(
        "{} retired, {} and {} of metadata removed ({}){}", base::counted(retired.generations, "generation"),
        base::counted(retired.package_files, "package file"), base::counted(retired.metadata_files, "file"),
        base::human_size(retired.bytes), waiting);
}

}  // namespace

void add_retire(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
    add_changing(app, options);
}

int retire(const CommonOptions& options) {
    Setup setup(options);
    const OpenFleet fleet = setup.open(Missing::refuse);
    json mirrors = json::array();
    std::size_t answered = 0;
    retire_all(fleet.members, setup.fleet_options(), [&](const std::string& name, const Retired& retired) {
        ++answered;
        mirrors.push_back(to_json(name, retired));
        if (options.json) return;
        fmt::print("{}: {}\n", name, told(retired));
        for (const auto& message : retired.left_alone) fmt::print("  {}\n", message);
    });
    const bool is_whole = answered == fleet.members.size();
    if (options.json) print_document({{"ok", is_whole}, {"mirrors", mirrors}});
    return is_whole ? 0 : base::exit_code(base::ErrorKind::network);
}

}  // namespace repotool::sync::cli
