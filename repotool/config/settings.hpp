// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration as people look at it: every key with its value, and where that came from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "repotool/config/config.hpp"

namespace repotool::publisher {

struct Setting {
    std::string key;                       // `dists[0].name`, as in Config::places
    nlohmann::ordered_json value;          // a text, number, flag or list of texts; null: not set
    std::optional<yaml::TextPlace> place;  // in repotool.yaml; empty: the default
};

// In the order of the file's keys. Repositories that the file does not name have their defaults as the
// patterns `test/*` and `*`.
std::vector<Setting> list_settings(const Config& config);

// The same as a whole repotool.yaml, which means what `config` does.
std::string render_yaml(const Config& config);
// One value, as YAML has it in one line.
std::string render_yaml(const nlohmann::ordered_json& value);

}  // namespace repotool::publisher
