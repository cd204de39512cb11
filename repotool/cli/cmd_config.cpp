// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "core/base/text.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

int run(const GlobalOptions& global) {
    const OpenSite site = open_site(global);
    const auto& config = site.config;
    std::string text =
        fmt::format("# {}\nsite: {{base_url: \"{}\", origin: \"{}\", label: \"{}\"}}\ndists:\n", site.root,
                    config.base_url, config.origin, config.label);
    for (const auto& dist : config.dists) {
        text += fmt::format("  - {{name: \"{}\", format: {}, architectures: [{}]", dist.name,
                            formats::format_name(dist.format), base::join(dist.architectures, ", "));
        if (!dist.components.empty())
            text += fmt::format(", components: [{}]", base::join(dist.components, ", "));
        if (!dist.match.empty()) text += fmt::format(", match: [\"{}\"]", base::join(dist.match, "\", \""));
        text += "}\n";
    }
    text += "repositories:\n";
    for (const auto& [name, repository] : config.repositories) {
        const std::string sign = repository.sign == publisher::SignPolicy::key ? repository.key : "none";
        text += fmt::format(
            "  \"{}\": {{sign: {}, expire: {}s, keep_versions: {}, rules: {{replace: {}, downgrade: {}}}}}\n",
            name, sign, repository.expire, repository.keep_versions, repository.rules.replace,
            repository.rules.downgrade);
    }
    text += "keys:\n";
    for (const auto& [name, key] : config.keys)
        text += fmt::format("  {}: {{fingerprint: \"{}\"}}\n", name, key.fingerprint);
    std::vector<std::string> compressions;
    for (const auto compression : config.metadata.compress)
        compressions.emplace_back(formats::compression_name(compression));
    text += fmt::format(
        "metadata: {{compress: [{}], grace: {{metadata: {}s, packages: {}s}}, keep_generations: {}}}\n",
        base::join(compressions, ", "), config.metadata.grace_metadata, config.metadata.grace_packages,
        config.metadata.keep_generations);
    text += fmt::format("inputs: [\"{}\"]\n", base::join(config.inputs, "\", \""));
    print(text);
    return 0;
}

}  // namespace

void add_config(CLI::App& app, Program& program) {
    auto* command = app.add_subcommand("config", "the settings that are in force");
    command->require_subcommand(1);
    auto* show = command->add_subcommand("show", "print them, defaults included");
    show->callback([&program] { program.run = [&program] { return run(program.global); }; });
}

}  // namespace repotool::cli
