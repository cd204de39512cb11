// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  repotool publish --test change-1234 out/*.deb out/*.rpm   a test repository of its own for a change
  repotool promote ready/ stable                            what passed its tests becomes stable, signed
  repotool list                                             what there is
  repotool verify stable                                    what a client would check

Exit status: 0 done or nothing to do, 1 bug, 2 usage, 3 input refused, 4 policy, 5 key, 6 conflict (try again),
7 storage, 8 network (try again), 9 integrity, 128+n signal n. Nothing is ever half-published.)";

int report(const base::Error& error, const GlobalOptions& global) {
    std::fputs(fmt::format("repotool: {}\n", error.what()).c_str(), stderr);
    if (!error.hint().empty())
        std::fputs(fmt::format("  {}\n", base::printable(error.hint())).c_str(), stderr);
    if (global.json) {
        const nlohmann::ordered_json document{{"ok", false},
                                              {"error",
                                               {{"code", base::exit_code(error.kind())},
                                                {"kind", base::kind_name(error.kind())},
                                                {"retryable", base::is_retryable(error.kind())},
                                                {"object", base::printable(error.object())},
                                                {"message", error.what()},
                                                {"hint", error.hint()}}}};
        std::fputs((document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n").c_str(),
                   stdout);
    }
    return base::exit_code(error.kind());
}

// CLI11 says what it did not expect; people want to know what was meant.
base::Error usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
    std::vector<std::string> commands;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        commands.push_back(command->get_name());
    std::vector<std::string> options;
    for (const auto* level = &app; level != nullptr;) {
        for (const auto* option : level->get_options()) {
            for (const auto& name : option->get_lnames()) options.push_back("--" + name);
        }
        const auto chosen = level->get_subcommands();
        level = chosen.empty() ? nullptr : chosen[0];
    }
    std::string hint = "repotool --help shows the commands and options";
    if (app.get_subcommands().empty()) {
        for (int i = 1; i < argc; ++i) {
            const std::string word(argv[i]);
            if (word.empty() || word[0] == '-' || (i > 1 && std::string(argv[i - 1]) == "--site")) continue;
            const std::string nearest = base::nearest(word, commands);
            if (!nearest.empty()) hint = fmt::format("did you mean '{}'?", nearest);
            return {base::ErrorKind::usage, "understand", word, "there is no such command", hint};
        }
        if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
            return {base::ErrorKind::usage, "start", "repotool", "a command is missing", hint};
    }
    std::string object = error.get_name();
    for (int i = 1; i < argc; ++i) {
        const std::string word(argv[i]);
        const bool unknown = std::string(error.what()).find(word) != std::string::npos;
        if (!unknown || word.empty()) continue;
        object = word;
        const std::string nearest =
            base::nearest(word.substr(0, word.find('=')), word[0] == '-' ? options : commands);
        if (!nearest.empty() && nearest != word) hint = fmt::format("did you mean '{}'?", nearest);
        break;
    }
    return {base::ErrorKind::usage, "understand", object, error.what(), hint};
}

int run_program(int argc, char** argv) {
    Program program;
    GlobalOptions& global = program.global;
    CLI::App app(
        "Publish RPM and APT repositories: built packages go in, a repository that changes by one atomic "
        "flip comes out.",
        "repotool");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option(
        "--site", global.site,
        "the site (default: $REPOTOOL_SITE, the nearest directory above with a repotool.yaml, ./site)");
    app.add_flag("--json", global.json, "one JSON document on standard output");
    app.add_flag("-q,--quiet", global.quiet, "only errors and warnings");
    app.add_flag("-v,--verbose", global.verbose, "more talk on standard error");
    app.add_option("--lock-timeout", global.lock_timeout,
                   "how long to wait for another publisher of the same repository")
        ->capture_default_str();
    app.set_version_flag("--version", fmt::format("repotool {}", REPOTOOL_VERSION));
    app.footer(kFooter);
    for (const auto add :
         {add_publish, add_promote, add_remove, add_copy, add_merge, add_refresh, add_rollback, add_list,
          add_show, add_verify, add_client, add_init, add_config, add_version})
        add(app, program);
    try {
        app.parse(argc, argv);
        if (global.quiet || global.verbose)
            base::set_verbosity(global.quiet ? base::Verbosity::quiet : base::Verbosity::verbose);
        base::parse_duration(
            global.lock_timeout);  // a mistake shows in every command, not only where somebody must wait
        return program.run();
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& error) {
        return report(usage_error(app, error, argc, argv), global);
    } catch (const base::Error& error) {
        return report(error, global);
    } catch (const std::exception& error) {
        return report(base::Error(base::ErrorKind::internal, "go on", "repotool", error.what(),
                                  "this is a bug: please report it with the command line"),
                      global);
    }
}

}  // namespace
}  // namespace repotool::cli

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of one write, not the end of a publish
    return repotool::cli::run_program(argc, argv);
}
