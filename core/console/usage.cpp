// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"

namespace repotool::console {
namespace {

using base::Error;
using base::ErrorKind;

// The app and the commands below it that were chosen, outermost first.
std::vector<const CLI::App*> chosen_levels(const CLI::App& app) {
    std::vector<const CLI::App*> levels{&app};
    while (!levels.back()->get_subcommands().empty()) levels.push_back(levels.back()->get_subcommands()[0]);
    return levels;
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> options_of(const std::vector<const CLI::App*>& levels) {
    std::vector<std::string> names;
    for (const auto* level : levels) {
        for (const auto* option : level->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names,
                         const std::string& otherwise) {
    const std::string nearest = base::nearest(word, names);
    return nearest.empty() ? otherwise : fmt::format("did you mean '{}'?", nearest);
}

// Whether `word` stands before the first command that was understood: then it was meant to be one.
bool is_before_command(const std::string& word, const std::vector<const CLI::App*>& levels,
                       const std::vector<std::string>& words) {
    if (levels.size() < 2) return false;
    const auto at = std::find(words.begin(), words.end(), word);
    return at < std::find(words.begin(), words.end(), levels[1]->get_name());
}

// The first word that nobody wanted.
Error unexpected(const std::string& command, const std::vector<const CLI::App*>& levels,
                 const std::string& word) {
    const std::string help = fmt::format("{} --help shows how it is used", command);
    if (word.starts_with("-") && word != "-") {
        return {ErrorKind::usage, "understand", word, fmt::format("'{}' has no such option", command),
                did_you_mean(word.substr(0, word.find('=')), options_of(levels), help)};
    }
    const auto commands = commands_of(*levels.back());
    if (!commands.empty()) {
        return {ErrorKind::usage, "understand", word, "there is no such command",
                did_you_mean(word, commands, fmt::format("{} --help lists the commands", command))};
    }
    return {ErrorKind::usage, "understand", word, fmt::format("'{}' takes no further argument", command),
            help};
}

// "NAME: text" of CLI11: the option, and what is wrong.
std::pair<std::string, std::string> split_complaint(const std::string& text) {
    const auto colon = text.find(": ");
    if (colon == std::string::npos) return {"", text};
    return {text.substr(0, colon), text.substr(colon + 2)};
}

std::string shown_name(const std::vector<const CLI::App*>& levels, const std::string& name) {
    for (const auto* level : levels) {
        const CLI::Option* option = level->get_option_no_throw(name);
        if (option != nullptr && option->get_positional() && !option->get_type_name().empty())
            return option->get_type_name();
    }
    return name;
}

Error missing(const std::string& command, const std::vector<const CLI::App*>& levels,
              const std::string& what) {
    const std::string name = what.substr(0, what.find(' '));
    if (!commands_of(*levels.back()).empty())
        return {ErrorKind::usage, "run", command, "a command is missing",
                fmt::format("{} --help lists the commands", command)};
    return {ErrorKind::usage, "run", command, fmt::format("{} is missing", shown_name(levels, name)),
            fmt::format("{} --help shows examples", command)};
}

Error bad_value(const std::string& command, const std::vector<const CLI::App*>& levels,
                const CLI::ParseError& error) {
    const std::string help = fmt::format("{} --help shows what it takes", command);
    std::string text = error.what();
    if (text.starts_with("Could not convert: ")) {  // "Could not convert: --to = banana"
        text = text.substr(text.find(": ") + 2);
        const auto equals = text.find(" = ");
        if (equals != std::string::npos) {
            return {ErrorKind::usage, "use", shown_name(levels, text.substr(0, equals)),
                    fmt::format("expected a number, found '{}'", text.substr(equals + 3)), help};
        }
    }
    auto [name, reason] = split_complaint(text);
    if (reason.ends_with(" missing")) reason = "a value is missing";  // "1 required FILE missing"
    if (const auto range = reason.find(" not in range 0.000000 to ");
        range != std::string::npos)  // PositiveNumber
        reason = fmt::format("expected a number from 1 on, found '{}'", reason.substr(6, range - 6));
    if (reason.find(" required but received ") != std::string::npos) reason = "it is there more than once";
    return {ErrorKind::usage, "use", name.empty() ? command : shown_name(levels, name), reason, help};
}

}  // namespace

CLI::Validator one_of(const std::vector<std::string>& words) {
    const auto check = [words](const std::string& word) -> std::string {
        if (std::find(words.begin(), words.end(), word) != words.end()) return {};
        const std::string nearest = base::nearest(word, words);
        const std::vector<std::string> but_last(words.begin(), words.end() - 1);
        return fmt::format("expected {} or {}, found '{}'{}", fmt::join(but_last, ", "), words.back(), word,
                           nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
    };
    return CLI::Validator(check, "{" + base::join(words, ",") + "}");
}

std::string chosen_command(const std::string& tool, const CLI::App& app) {
    std::string command = tool;
    for (const auto* level : chosen_levels(app)) {
        if (level != &app) command += " " + level->get_name();
    }
    return command;
}

Error usage_error(const std::string& tool, const CLI::App& app, const CLI::ParseError& error,
                  const std::vector<std::string>& words) {
    const auto levels = chosen_levels(app);
    const std::string command = chosen_command(tool, app);
    const auto extras = app.remaining(true);
    if (!extras.empty() && !extras[0].starts_with("-") && is_before_command(extras[0], levels, words))
        return unexpected(tool, {&app}, extras[0]);
    if (!extras.empty()) return unexpected(command, levels, extras[0]);
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
        return missing(command, levels, error.what());
    return bad_value(command, levels, error);
}

}  // namespace repotool::console
