// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/console/help.hpp"
#include "core/fs/external.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

struct Options {
    std::string directory;
    publisher::SiteDefaults defaults;
};

int run(const Options& options, const GlobalOptions& global) {
    const std::string root =
        options.directory.empty() ? find_site(global) : fs::absolute_path(options.directory);
    if (!publisher::make_site(root, options.defaults))
        throw base::Error(base::ErrorKind::usage, "make site", root, "there is one already");
    publisher::open_site(root).site->prepare_for_writing();
    print(global.json
              ? nlohmann::json{{"ok", true}, {"site", root}}.dump() + "\n"
              : fmt::format("made a site in {}; its settings are in repotool.yaml, clients get {}/public\n",
                            root, root));
    return 0;
}

}  // namespace

void add_init(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("init", "make a site with a commented repotool.yaml");
    command->add_option("directory", options->directory, "where (default: as --site)")->type_name("DIR");
    command->add_option("--apt-suite", options->defaults.apt_suite,
                        "APT suite (default: this host's codename)");
    command->add_option("--rpm-dist", options->defaults.rpm_dist, "RPM dist (default: el9)");
    command->add_option("--base-url", options->defaults.base_url,
                        "where clients reach public/ (default: http://localhost:8080)");
    command->footer(
        console::footer("publish makes a site on the way, too.",
                        {"repotool init", "repotool init /srv/repo --apt-suite bookworm --rpm-dist el9",
                         "repotool init /srv/repo --base-url http://repo.example.com"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
