// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <nlohmann/json.hpp>

#include "core/console/completion.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {

void add_completion(CLI::App& app, Program& program) {
    auto shell = std::make_shared<std::string>();
    auto* command =
        app.add_subcommand("completion", "a script that completes commands, options and repositories");
    command->add_option("shell", *shell, "bash, zsh or fish")->required()->type_name("SHELL");
    command->footer(console::footer(
        "", {"source <(repotool completion bash)", "repotool completion zsh > ~/.zfunc/_repotool",
             "repotool completion fish | source"}));
    command->callback([shell, &app, &program] {
        program.run = [shell, &app, &program] {
            const std::string script = console::completion_script(app, *shell);
            print(program.global.json
                      ? nlohmann::ordered_json{{"ok", true}, {"shell", *shell}, {"script", script}}.dump(1) +
                            "\n"
                      : script);
            return 0;
        };
    });
}

}  // namespace repotool::cli
