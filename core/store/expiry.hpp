// SPDX-License-Identifier: GPL-3.0-or-later
// The end of a repository: its head goes, and gc takes the rest when the grace is over. Its history and the
// numbers of its generations stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/store/site.hpp"

namespace repotool::store {

// When the current generation became current; empty where there is none.
std::optional<base::UnixSeconds> last_change(fs::Filesystem& filesystem, const std::string& repository);

// Durable on return; the history tells it first. Returns the generation that was current, empty where there
// was none. Under the repository's lock, after recover().
std::optional<std::uint64_t> expire_repository(Site& site, const std::string& repository,
                                               const std::string& reason, const std::string& job);

}  // namespace repotool::store
