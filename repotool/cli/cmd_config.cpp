// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/console/help.hpp"
#include "core/fs/external.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/config/settings.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::Setting;

struct Options {
    bool origin = false;
};

// Where a value came from: for people, and for programs.
struct Origin {
    std::string text;
    ordered_json document;
};

Origin origin_of(const SiteChoice& site) {
    switch (site.origin) {
        case SiteOrigin::option:
            return {"--site", {{"kind", "option"}, {"name", "--site"}}};
        case SiteOrigin::environment:
            return {"environment REPOTOOL_SITE", {{"kind", "environment"}, {"name", "REPOTOOL_SITE"}}};
        case SiteOrigin::nearest:
            return {"the nearest directory above with a repotool.yaml", {{"kind", "nearest"}}};
        case SiteOrigin::fallback:
            break;
    }
    return {"default", {{"kind", "default"}}};
}

// A key without `home:` is looked for where GnuPG itself would look (repotool/config/keys.cpp).
bool is_from_gnupghome(const Setting& setting) {
    const char* home = std::getenv("GNUPGHOME");
    return home != nullptr && *home != '\0' && setting.key.starts_with("keys.") &&
           setting.key.ends_with(".home") && setting.value.is_null();
}

Origin origin_of(const Setting& setting) {
    if (is_from_gnupghome(setting))
        return {"environment GNUPGHOME", {{"kind", "environment"}, {"name", "GNUPGHOME"}}};
    if (!setting.place) return {"default", {{"kind", "default"}}};
    return {fmt::format("repotool.yaml:{}:{}", setting.place->line, setting.place->column),
            {{"kind", "file"}, {"line", setting.place->line}, {"column", setting.place->column}}};
}

ordered_json value_of(const Setting& setting) {
    return is_from_gnupghome(setting) ? ordered_json(fs::absolute_path(std::getenv("GNUPGHOME")))
                                      : setting.value;
}

std::string table(const SiteChoice& site, const std::vector<Setting>& settings) {
    std::vector<std::pair<std::string, std::string>> lines;  // setting, origin
    for (const auto& setting : settings) {
        const ordered_json value = value_of(setting);
        const std::string shown = value.is_null() ? "(not set)" : publisher::render_yaml(value);
        lines.emplace_back(fmt::format("{} = {}", setting.key, shown), origin_of(setting).text);
    }
    constexpr std::size_t kWidest = 60;
    std::size_t width = 0;
    for (const auto& [setting, origin] : lines) {
        if (setting.size() <= kWidest) width = std::max(width, setting.size());
    }
    std::string text = fmt::format("{}  ({})\n", site.root, origin_of(site).text);
    for (const auto& [setting, origin] : lines) text += fmt::format("{:{}}  {}\n", setting, width, origin);
    return text;
}

std::string document(const SiteChoice& site, const std::vector<Setting>& settings) {
    ordered_json list = ordered_json::array();
    for (const auto& setting : settings) {
        list.push_back(
            {{"key", setting.key}, {"value", value_of(setting)}, {"origin", origin_of(setting).document}});
    }
    return ordered_json{{"ok", true},
                        {"site", site.root},
                        {"site_origin", origin_of(site).document},
                        {"file", site.root + "/repotool.yaml"},
                        {"settings", list}}
               .dump(1, ' ', false, ordered_json::error_handler_t::replace) +
           "\n";
}

int run(const Options& options, const GlobalOptions& global) {
    const SiteChoice choice = choose_site(global);
    const OpenSite site = publisher::open_site(choice.root);
    const auto settings = publisher::list_settings(site.config);
    print(global.json      ? document(choice, settings)
          : options.origin ? table(choice, settings)
                           : fmt::format("# {}\n{}", site.root, publisher::render_yaml(site.config)));
    return 0;
}

}  // namespace

void add_config(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("config", "the settings that are in force");
    command->require_subcommand(1);
    auto* show = command->add_subcommand("show", "print them as a whole repotool.yaml, defaults included");
    show->add_flag("--origin", options->origin, "one setting a line, and where its value came from");
    for (auto* level : {command, show}) {
        level->footer(console::footer(
            "", {"repotool config show", "repotool config show --origin", "repotool config show --json"}));
    }
    show->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
