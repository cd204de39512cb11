// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/console/help.hpp"
#include "core/store/manifest.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {

void add_version(CLI::App& app, Program& program) {
    auto* command = app.add_subcommand("version", "of this program, and of the site format that it knows");
    command->footer(console::footer("", {"repotool version", "repotool version --json"}));
    command->callback([&program] {
        program.run = [&program] {
            print(program.global.json ? fmt::format("{{\"ok\": true, \"version\": \"{}\", \"format\": {}}}\n",
                                                    REPOTOOL_VERSION, store::kFormatVersion)
                                      : fmt::format("repotool {} (site format {})\n", REPOTOOL_VERSION,
                                                    store::kFormatVersion));
            return 0;
        };
    });
}

}  // namespace repotool::cli
