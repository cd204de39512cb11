// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/main.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/error_json.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/console/usage.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::console {
namespace {

using base::Error;
using base::ErrorKind;

// Also where the command line could not be parsed.
Output wanted_output(int argc, char** argv) {
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
        if (std::string_view(argv[i]) == "--json") return Output::json;
    }
    return Output::text;
}

std::string command_line(int argc, char** argv) {
    std::string line;
    for (int i = 0; i < argc; ++i) line += (i == 0 ? "" : " ") + base::printable(argv[i]);
    return line;
}

int run_parsed(CLI::App& app, const Command& command, int argc, char** argv, Output output) {
    const auto fail = [&](const Error& error) {
        return report(command.tool, error, output,
                      command.more ? command.more() : nlohmann::ordered_json::object());
    };
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& error) {
        if (argc == 1) base::say(app.help());
        return fail(usage_error(command.tool, app, error, {argv + 1, argv + argc}));
    }
    try {
        if (command.begin) command.begin();
        base::note(base::Level::info, "begin: " + command_line(argc, argv));
        return command.run();
    } catch (const CLI::ParseError& error) {  // a callback's
        return fail(usage_error(command.tool, app, error, {argv + 1, argv + argc}));
    } catch (const Error& error) {
        return fail(error);
    } catch (const std::exception& error) {
        return fail(Error(ErrorKind::internal, "go on", command.tool, error.what(),
                          "this is a bug: please report it with the command line"));
    }
}

}  // namespace

void complain(const std::string& tool, const std::string& message, const std::string& hint) {
    base::note(base::Level::error, message);
    base::say(fmt::format("{}: {}", tool, message));
    if (!hint.empty()) base::say("  " + base::printable(hint));
}

int report(const std::string& tool, const Error& error, Output output, const nlohmann::ordered_json& more) {
    complain(tool, error.what(), error.hint());
    for (const auto& message : error.also()) base::say("  also: " + base::printable(message));
    if (output == Output::json) {
        nlohmann::ordered_json document{
            {"ok", false},
            {"error", base::error_json(error.kind(), error.object(), error.what(), error.hint())}};
        for (const auto& message : error.also())
            document["error"]["also"].push_back(base::printable(message));
        document.update(more);
        const std::string text =
            document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
        std::fwrite(text.data(), 1, text.size(), stdout);  // a failure already: its status stays
    }
    return base::exit_code(error.kind());
}

int report(const std::string& tool, const Error& error, Output output) {
    return report(tool, error, output, nlohmann::ordered_json::object());
}

int run(CLI::App& app, const Command& command, int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of one write, not the end of a publish
    const Output output = wanted_output(argc, argv);
    try {
        const int status = run_parsed(app, command, argc, argv, output);
        base::note(base::Level::info, fmt::format("end: exit status {}", status));
        return status;
    } catch (const std::exception& error) {
        return report(command.tool, Error(ErrorKind::internal, "go on", command.tool, error.what()), output);
    }
}

void check_result_file(const std::string& path) {
    if (path.empty()) return;
    const std::string parent = path.find('/') == std::string::npos ? "." : fs::parent_path(path);
    const auto directory = fs::external_status(parent.empty() ? "/" : parent, fs::FinalSymlink::follow);
    const auto file = fs::external_status(path, fs::FinalSymlink::follow);
    if (!directory || directory->kind != fs::Kind::directory)
        throw Error(ErrorKind::usage, "write", path, "its directory does not exist");
    if (file && file->kind == fs::Kind::directory)
        throw Error(ErrorKind::usage, "write", path, "it is a directory");
}

void print(const std::string& text) {
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!written && errno != EPIPE) base::throw_errno("write", "standard output");  // head has seen enough
}

}  // namespace repotool::console
