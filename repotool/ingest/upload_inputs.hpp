// SPDX-License-Identifier: GPL-3.0-or-later
// From .changes and .dsc files to the files that they list; private to inputs.cpp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "repotool/ingest/identities.hpp"
#include "repotool/ingest/inputs.hpp"
#include "repotool/ingest/refusals.hpp"

namespace repotool::publisher {

// Paths by what they name, each in the user's order.
struct NamedPaths {
    std::vector<std::string> packages;
    std::vector<std::string> sources;  // .dsc
    std::vector<std::string> uploads;  // .changes
    std::vector<ExtraInput> extras;
    std::vector<std::string> updates;
    std::vector<std::string> statements;
    std::set<std::string> candidates;  // of the above: where updates have their packages
    std::string dist{};                // instead of the Distribution of `uploads`; may be empty
};

// True for names of files that hold one package.
bool is_package_file(const std::string& name);

// Throws base::Error (input) as expand_inputs() does.
Inputs resolve_uploads(const NamedPaths& named, Identities& identities);

}  // namespace repotool::publisher
