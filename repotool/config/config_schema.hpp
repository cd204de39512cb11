// SPDX-License-Identifier: GPL-3.0-or-later
// Every key of repotool.yaml, in the order in which people look for them. Private to this folder.
#pragma once

#include "repotool/config/config.hpp"
#include "repotool/config/config_field.hpp"

namespace repotool::publisher {

const Fields<Config>& config_fields();
const Fields<RepositoryConfig>& repository_fields();

// What a repository has that the file says nothing of.
RepositoryConfig repository_defaults(const std::string& name_or_pattern);
std::vector<DistConfig> default_dists(const SiteDefaults& defaults);

}  // namespace repotool::publisher
