// SPDX-License-Identifier: GPL-3.0-or-later
// A package as every --json answer shows it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/store/record.hpp"

namespace repotool::publisher {

// {"format", "name", "version", "architecture", "sha256", "unsigned_sha256", "size", "dist"}; answers add
// what they know besides.
nlohmann::ordered_json package_json(const std::string& format, const std::string& dist,
                                    const store::Record& record);

// "bookworm/main", or the dist alone for RPM.
std::string place_text(const std::string& dist, const std::string& component);

}  // namespace repotool::publisher
