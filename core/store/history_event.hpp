// SPDX-License-Identifier: GPL-3.0-or-later
// History records of what is no flip: freeze, thaw, tag, expire … (docs/FORMAT.md §9).
#pragma once

#include <map>
#include <string>

#include "core/store/site.hpp"

namespace repotool::store {

// Appends a record with the generation, parent and manifest of the newest one; durable on return. Nothing
// where the repository has no history yet. Under the repository's lock.
void append_event(Site& site, const std::string& repository, const std::string& operation,
                  const std::map<std::string, std::string>& meta, const std::string& job);

}  // namespace repotool::store
