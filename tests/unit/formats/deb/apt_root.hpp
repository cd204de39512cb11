// SPDX-License-Identifier: GPL-3.0-or-later
// apt with a root of its own, as a judge of what was written.
#pragma once

#include <string>
#include <vector>

#include "deb_builder.hpp"

namespace repotool::formats::deb::testing {

// What apt wants to find, with <root>/site/dists/stable as its one source, component main.
void make_apt_root(const TemporaryDirectory& root);
// `command`, such as {"apt-get", "update"}, with the options that keep it below `root`. Without a language
// apt fetches no translations.
std::vector<std::string> apt(const TemporaryDirectory& root, std::vector<std::string> command,
                             const std::string& language = "none");

}  // namespace repotool::formats::deb::testing
