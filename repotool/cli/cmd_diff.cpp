// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/inspect/comparison.hpp"
#include "repotool/packages/package_json.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::Difference;
using publisher::PackageDifference;
using store::GenerationReader;

struct Options {
    std::string from;
    std::string to;
};

std::string name_of(const GenerationReader& reader) {
    return fmt::format("{}@{}", reader.manifest().repository, reader.manifest().generation);
}

// "2 added, 1 upgraded"; the order is that of Difference.
std::string summary(const std::vector<PackageDifference>& differences) {
    std::vector<std::string> parts;
    for (const Difference kind : {Difference::added, Difference::removed, Difference::upgraded,
                                  Difference::downgraded, Difference::rebuilt, Difference::resigned}) {
        const auto count = std::count_if(differences.begin(), differences.end(),
                                         [&](const auto& item) { return item.difference == kind; });
        if (count > 0) parts.push_back(fmt::format("{} {}", count, publisher::difference_name(kind)));
    }
    return parts.empty() ? "no package differs" : base::join(parts, ", ");
}

std::string line_of(const PackageDifference& item) {
    const char sign = !item.before ? '+' : !item.after ? '-' : '~';
    std::string version = item.record().version;
    if (item.before && item.after && item.before->version != item.after->version)
        version = fmt::format("{} -> {}", item.before->version, item.after->version);
    const bool is_same_version = item.before && item.after && item.before->version == item.after->version;
    return fmt::format(
        "  {} {} {} {} {} ({}){}\n", sign, formats::format_name(item.format), item.record().name, version,
        item.record().architecture, publisher::place_text(item.dist, item.component),
        is_same_version ? fmt::format(" {}", publisher::difference_name(item.difference)) : "");
}

ordered_json side_json(const GenerationReader& reader) {
    return {{"repository", reader.manifest().repository},
            {"generation", reader.manifest().generation},
            {"date", base::iso8601(reader.manifest().date)},
            {"manifest_sha256", reader.manifest_sha256()}};
}

ordered_json difference_json(const PackageDifference& item) {
    const auto side = [&](const std::optional<store::Record>& record) {
        return record ? publisher::package_json(formats::format_name(item.format), item.dist, *record)
                      : ordered_json(nullptr);
    };
    return {{"difference", publisher::difference_name(item.difference)},
            {"format", formats::format_name(item.format)},
            {"dist", item.dist},
            {"component", item.component},
            {"name", item.record().name},
            {"architecture", item.record().architecture},
            {"before", side(item.before)},
            {"after", side(item.after)}};
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto from = store::open_generation(*site.filesystem, "public", options.from);
    const auto to = store::open_generation(*site.filesystem, "public", options.to);
    const auto differences = publisher::pair_changes(publisher::compare_generations(from, to));
    if (global.json) {
        ordered_json list = ordered_json::array();
        for (const auto& item : differences) list.push_back(difference_json(item));
        print(ordered_json{{"ok", true}, {"from", side_json(from)}, {"to", side_json(to)}, {"packages", list}}
                  .dump(1) +
              "\n");
        return 0;
    }
    std::string text = fmt::format("{} -> {}: {}\n", name_of(from), name_of(to), summary(differences));
    for (const auto& item : differences) text += line_of(item);
    print(text);
    return 0;
}

}  // namespace

void add_diff(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("diff", "what packages differ between two repositories or generations");
    command->add_option("a", options->from, "repository, repository@N or repository@TAG")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("b", options->to, "what it is compared with")->required()->type_name("REPOSITORY");
    command->footer(
        console::footer("+ is in B alone, - in A alone, ~ in both with another version or content. The exit "
                        "status is 0 whether "
                        "or not anything differs.",
                        {"repotool diff stable@41 stable", "repotool diff stable test/change-1234",
                         "repotool diff stable@7.0-GA stable --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
