// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/upkeep/disk_usage.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::RepositoryUsage;

ordered_json number(const std::optional<std::uint64_t>& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json to_json(const publisher::SiteUsage& usage) {
    ordered_json repositories = ordered_json::array();
    for (const auto& one : usage.repositories) {
        repositories.push_back({{"repository", one.repository},
                                {"generations", one.generations},
                                {"exclusive_bytes", one.exclusive},
                                {"shared_bytes", one.shared},
                                {"metadata_bytes", one.metadata},
                                {"garbage_bytes", number(one.garbage)}});
    }
    return {{"ok", true},
            {"repositories", repositories},
            {"package_bytes", usage.packages},
            {"cache_bytes", number(usage.caches)},
            {"free_bytes", usage.free}};
}

std::string line_of(const RepositoryUsage& one) {
    return fmt::format("  {:>10} {:>10} {:>10} {:>10}  {}\n", base::human_size(one.exclusive),
                       base::human_size(one.shared), base::human_size(one.metadata),
                       one.garbage ? base::human_size(*one.garbage) : "?", one.repository);
}

// The largest first.
std::string to_text(publisher::SiteUsage usage) {
    std::uint64_t metadata = 0;
    for (const auto& one : usage.repositories) metadata += one.metadata;
    std::stable_sort(usage.repositories.begin(), usage.repositories.end(), [](const auto& a, const auto& b) {
        return a.exclusive + a.metadata > b.exclusive + b.metadata;
    });
    std::string text =
        fmt::format("{} of packages, {} of metadata, {} of caches, {} free\n",
                    base::human_size(usage.packages), base::human_size(metadata),
                    usage.caches ? base::human_size(*usage.caches) : "?", base::human_size(usage.free));
    if (usage.repositories.empty()) return text;
    text += fmt::format("  {:>10} {:>10} {:>10} {:>10}\n", "exclusive", "shared", "metadata", "garbage");
    for (const auto& one : usage.repositories) text += line_of(one);
    return text;
}

int run(const GlobalOptions& global) {
    OpenSite site = open_site(global);
    auto usage = publisher::disk_usage(site);
    print(global.json ? to_json(usage).dump(1) + "\n" : to_text(std::move(usage)));
    return 0;
}

}  // namespace

void add_du(CLI::App& app, Program& program) {
    auto* command = app.add_subcommand("du", "how much space each repository needs");
    command->footer(console::footer(
        "exclusive: packages that no other repository has, and that would go with this one; garbage: what no "
        "generation needs any more, and what repotool gc takes away when the grace is over.",
        {"repotool du", "repotool du --json"}));
    command->callback([&program] { program.run = [&program] { return run(program.global); }; });
}

}  // namespace repotool::cli
