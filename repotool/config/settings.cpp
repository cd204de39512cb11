// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "repotool/config/config_schema.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::ordered_json;

// A word that YAML takes for a text, and for nothing else, without quotes.
bool is_plain(const std::string& text) {
    constexpr std::array<std::string_view, 8> kOtherMeaning{"true", "false", "null", "yes",
                                                            "no",   "on",    "off",  "none"};
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text == "none") return true;
    if (text.empty() || std::find(kOtherMeaning.begin(), kOtherMeaning.end(), text) != kOtherMeaning.end())
        return false;
    const bool unit = is_digit(text[0]) && is_letter(text.back()) &&
                      std::all_of(text.begin(), text.end() - 1, is_digit);  // 20d
    return unit || (is_letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
                        return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
                    }));
}

bool is_leaf(const ordered_json& value) {
    if (value.is_object()) return false;
    return !value.is_array() || value.empty() || !value[0].is_object();
}

void flatten(const std::string& path, const ordered_json& value, const yaml::TextPlaces& places,
             std::vector<Setting>& settings) {
    if (is_leaf(value)) {
        const auto place = places.find(path);
        settings.push_back(
            {path, value, place == places.end() ? std::nullopt : std::optional(place->second)});
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i)
            flatten(fmt::format("{}[{}]", path, i), value[i], places, settings);
    } else {
        for (const auto& [key, child] : value.items())
            flatten(yaml::child_path(path, key), child, places, settings);
    }
}

// What holds where the file says nothing, made visible.
Config with_implied_repositories(Config config) {
    auto& entries = config.repositories;
    const auto find = [&](const char* pattern) {
        return std::find_if(entries.begin(), entries.end(),
                            [&](const auto& entry) { return entry.first == pattern; });
    };
    if (find("*") == entries.end()) entries.emplace_back("*", repository_defaults("*"));
    if (find("test/*") == entries.end()) entries.emplace(find("*"), "test/*", config.repository("test/*"));
    return config;
}

// One entry a line for lists of maps, maps of maps.
std::string render_block(const ordered_json& value) {
    std::string text = "\n";
    if (value.is_array()) {
        for (const auto& item : value) text += "  - " + render_yaml(item) + "\n";
    } else {
        for (const auto& [name, item] : value.items())
            text += fmt::format("  {}: {}\n", render_yaml(ordered_json(name)), render_yaml(item));
    }
    return text;
}

}  // namespace

std::string render_yaml(const ordered_json& value) {
    std::vector<std::string> parts;
    if (value.is_object()) {
        for (const auto& [key, item] : value.items()) {
            const std::string shown = item.is_null() ? "" : render_yaml(item);
            if (!shown.empty() && shown != "{}")
                parts.push_back(fmt::format("{}: {}", render_yaml(ordered_json(key)), shown));
        }
        return fmt::format("{{{}}}", fmt::join(parts, ", "));
    }
    if (value.is_array()) {
        for (const auto& item : value) parts.push_back(render_yaml(item));
        return fmt::format("[{}]", fmt::join(parts, ", "));
    }
    if (value.is_string() && is_plain(value.get<std::string>())) return value.get<std::string>();
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::vector<Setting> list_settings(const Config& config) {
    std::vector<Setting> settings;
    const Config whole = with_implied_repositories(config);
    flatten("", show_fields(whole, config_fields()), config.places, settings);
    return settings;
}

std::string render_yaml(const Config& config) {
    std::string text;
    const auto shown = show_fields(with_implied_repositories(config), config_fields());
    for (const auto& [key, value] : shown.items()) {
        const bool block = key == "dists" || key == "repositories" || key == "disabled" || key == "keys";
        text += key + ":" + (block && !value.empty() ? render_block(value) : " " + render_yaml(value) + "\n");
    }
    return text;
}

}  // namespace repotool::publisher
