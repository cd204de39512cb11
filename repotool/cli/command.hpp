// SPDX-License-Identifier: GPL-3.0-or-later
// What every subcommand of repotool shares: global options, the open site, and how it is called. A subcommand
// is an options struct, a flag table (add_…) and a run of library calls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/console/main.hpp"
#include "core/console/secret_options.hpp"
#include "repotool/config/config.hpp"
#include "repotool/config/open_site.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::cli {

struct GlobalOptions {
    std::string site;  // --site; empty: REPOTOOL_SITE, the nearest repotool.yaml above, ./site
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    std::string progress = "auto";
    std::string log_file;
    std::string lock_timeout = "10m";
    std::vector<std::string> arguments;  // the command line, without the tool's name
};

// The command that was chosen on the command line: returns the exit status.
using Run = std::function<int()>;
struct Program {
    GlobalOptions global;
    Run run;
};

using console::check_result_file;
using console::print;
using publisher::OpenSite;

// Where the site is by the rules of --site, and which of them said so; need not exist.
enum class SiteOrigin { option, environment, nearest, fallback };
struct SiteChoice {
    std::string root;
    SiteOrigin origin = SiteOrigin::option;
};
SiteChoice choose_site(const GlobalOptions& global);
std::string find_site(const GlobalOptions& global);
// For reading: throws base::Error (usage) where there is no site.
OpenSite open_site(const GlobalOptions& global);
// For publishing: makes a default site where there is none, and says so.
OpenSite open_or_make_site(const GlobalOptions& global, const publisher::SiteDefaults& defaults);

publisher::PublishContext publish_context(OpenSite& site, const GlobalOptions& global);
// The same for what signs, with the secrets that are given on the command line.
publisher::PublishContext signing_context(OpenSite& site, const GlobalOptions& global,
                                          const console::SecretOptions& secrets);
// KEY=VALUE arguments. Throws base::Error (usage).
std::map<std::string, std::string> parse_meta(const std::vector<std::string>& arguments);
// A change's result on standard output, JSON or text.
void answer(const publisher::PublishResult& result, const publisher::Config& config,
            const GlobalOptions& global, publisher::DryRun dry_run);

// Each adds its subcommand to the command line.
void add_audit(CLI::App& app, Program& program);
void add_check(CLI::App& app, Program& program);
void add_client(CLI::App& app, Program& program);
void add_completion(CLI::App& app, Program& program);
void add_config(CLI::App& app, Program& program);
void add_expire(CLI::App& app, Program& program);
void add_freeze(CLI::App& app, Program& program);
void add_fsck(CLI::App& app, Program& program);
void add_gc(CLI::App& app, Program& program);
void add_purge(CLI::App& app, Program& program);
void add_tag(CLI::App& app, Program& program);
void add_thaw(CLI::App& app, Program& program);
void add_gate(CLI::App& app, Program& program);
void add_outstanding(CLI::App& app, Program& program);
void add_ready(CLI::App& app, Program& program);
void add_result(CLI::App& app, Program& program);
void add_diff(CLI::App& app, Program& program);
void add_du(CLI::App& app, Program& program);
void add_history(CLI::App& app, Program& program);
void add_init(CLI::App& app, Program& program);
void add_list(CLI::App& app, Program& program);
void add_promote(CLI::App& app, Program& program);
void add_publish(CLI::App& app, Program& program);
void add_copy(CLI::App& app, Program& program);
void add_merge(CLI::App& app, Program& program);
void add_refresh(CLI::App& app, Program& program);
void add_remove(CLI::App& app, Program& program);
void add_rollback(CLI::App& app, Program& program);
void add_show(CLI::App& app, Program& program);
void add_status(CLI::App& app, Program& program);
void add_verify(CLI::App& app, Program& program);
void add_version(CLI::App& app, Program& program);
void add_why(CLI::App& app, Program& program);

}  // namespace repotool::cli
