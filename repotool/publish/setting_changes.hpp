// SPDX-License-Identifier: GPL-3.0-or-later
// What a published generation was made with and the configuration wants otherwise now. Every new generation
// follows the configuration in all of its sets; this tells people so, and whom nothing else makes one.
#pragma once

#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {

enum class Signing { no, yes };

// Names of settings (metadata.contents, site.base_url, sign) and of fields (Valid-Until in Release of
// bookworm), each once; none where a new generation of the same packages would differ in its date alone. A
// change from one key to another is not told.
std::vector<std::string> setting_changes(const store::GenerationReader& parent, const Config& config,
                                         const std::string& repository, Signing signing);

}  // namespace repotool::publisher
