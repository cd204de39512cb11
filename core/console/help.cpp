// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "core/base/text.hpp"

namespace repotool::console {
namespace {

constexpr std::size_t kNameColumn = 26;

// One entry: the name, and beside it the description, or below where the name is long.
std::string entry(const std::string& name, const std::string& description) {
    const std::string left = "  " + name;
    const std::string right = wrapped(description, kHelpWidth - kNameColumn, 0);
    std::string text = left;
    std::size_t column = left.size();
    for (const auto& line : base::split(right, '\n')) {
        if (column + 2 > kNameColumn) {
            text += "\n";
            column = 0;
        }
        text += std::string(kNameColumn - column, ' ') + line;
        column = kHelpWidth;
    }
    return text + "\n";
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// "{sources,list}" of a membership check is told in the description; what CLI11 calls TEXT or UINT is a
// value.
std::string value_name(const CLI::Option& option) {
    std::string type = option.get_type_name();
    type = type.substr(0, type.find(':'));
    if (type == "UINT" || type == "INT") return "N";
    return type == "TEXT" ? "VALUE" : type;
}

class Layout : public CLI::Formatter {
public:
    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string name = is_positional ? positional_name(*option) : option->get_name(false, true);
        std::replace(name.begin(), name.end(), ',', ' ');
        if (!is_positional && option->get_type_size() != 0) name += " " + value_name(*option);
        name.erase(name.find_last_not_of(' ') + 1);
        std::string description = option->get_description();
        if (!option->get_default_str().empty())
            description += fmt::format(" (default: {})", option->get_default_str());
        return entry(name, description);
    }

    std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode /*mode*/) const override {
        std::vector<std::string> groups;  // in the order of their first command
        for (const auto* command : app->get_subcommands([](const CLI::App*) { return true; })) {
            if (std::find(groups.begin(), groups.end(), command->get_group()) == groups.end())
                groups.push_back(command->get_group());
        }
        std::string text;
        for (const auto& group : groups) {
            if (group.empty()) continue;  // hidden
            text += "\n" + (group == "Subcommands" ? "Commands" : group) + ":\n";
            for (const auto* command :
                 app->get_subcommands([&](const CLI::App* c) { return c->get_group() == group; }))
                text += make_subcommand(command);
        }
        return text;
    }

    std::string make_subcommand(const CLI::App* command) const override {
        return entry(command->get_name(), command->get_description());
    }

    std::string make_description(const CLI::App* app) const override {
        return wrapped(app->get_description(), kHelpWidth, 0) + "\n\n";
    }

    std::string make_usage(const CLI::App* app, std::string name) const override {
        std::string line = "Usage: " + name + " [OPTIONS]";
        for (const auto* option :
             app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
            std::string shown = positional_name(*option);
            if (option->get_expected_max() > 1 && shown.find("…") == std::string::npos) shown += "…";
            line += option->get_required() ? " " + shown : " [" + shown + "]";
        }
        if (!app->get_subcommands([](const CLI::App*) { return true; }).empty())
            line += app->get_require_subcommand_min() == 0 ? " [COMMAND]" : " COMMAND";
        return wrapped(line, kHelpWidth, 7) + "\n";
    }

    std::string make_group(std::string group, bool is_positional,
                           std::vector<const CLI::Option*> options) const override {
        std::string text = "\n" + (is_positional ? "Arguments" : group) + ":\n";
        for (const auto* option : options) text += make_option(option, is_positional);
        return text;
    }

    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        std::string text = make_description(app) + make_usage(app, name) + make_positionals(app);
        text += make_subcommands(app, mode);
        for (const auto& group : app->get_groups()) {
            const auto options = app->get_options([&](const CLI::Option* option) {
                return option->get_group() == group && option->nonpositional();
            });
            if (!group.empty() && !options.empty()) text += make_group(group, false, options);
        }
        if (app->get_parent() != nullptr)
            text += fmt::format("\nOptions of every command: {} --help\n", root_of(app).get_name());
        return text + "\n" + make_footer(app);
    }

    std::string make_footer(const CLI::App* app) const override { return app->get_footer() + "\n"; }

private:
    static std::string positional_name(const CLI::Option& option) {
        const std::string type = value_name(option);
        return type.empty() || type == "VALUE" || type == "N" ? upper(option.get_name(true, false)) : type;
    }
    static const CLI::App& root_of(const CLI::App* app) {
        while (app->get_parent() != nullptr) app = app->get_parent();
        return *app;
    }
};

}  // namespace

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
    std::string out;
    std::size_t column = 0;
    for (const auto& word : base::split(text, ' ')) {
        const std::size_t length = static_cast<std::size_t>(
            std::count_if(word.begin(), word.end(), [](char c) { return (c & 0xC0) != 0x80; }));
        if (column != 0 && column + 1 + length > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column != 0) {
            out += " ";
            ++column;
        }
        out += word;
        column += length;
    }
    return out;
}

void use_help_layout(CLI::App& app) {
    app.formatter(std::make_shared<Layout>());
    app.set_help_flag("-h,--help", "show this");
}

std::string footer(const std::string& notes, std::initializer_list<const char*> examples) {
    std::string text = notes.empty() ? "" : wrapped(notes, kHelpWidth, 0) + "\n\n";
    text += "Examples:";
    for (const char* line : examples) text += fmt::format("\n  {}", line);
    return text;
}

}  // namespace repotool::console
