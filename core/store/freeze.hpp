// SPDX-License-Identifier: GPL-3.0-or-later
// A frozen repository refuses changes until somebody thaws it (docs/FORMAT.md §13):
// private/frozen/<repository>.
#pragma once

#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/store/site.hpp"

namespace repotool::store {

struct Freeze {
    std::string reason;
    std::string by;  // user@host
    base::UnixSeconds since = 0;
};

// Takes no lock. Throws base::Error (integrity) for a file that we did not write.
std::optional<Freeze> frozen(fs::Filesystem& filesystem, const std::string& repository);

// Durable on return; the history tells it. Freezing what is frozen keeps the older freeze and returns false,
// and so does thawing what is not. Under the repository's lock.
bool freeze(Site& site, const std::string& repository, const Freeze& freeze, const std::string& job = {});
bool thaw(Site& site, const std::string& repository, const std::string& job = {});

// Throws base::Error (policy): cannot <verb> <repository>, it is frozen, by whom, why and since when. The
// verb kPurge passes: what must not be there leaves a frozen repository, too.
inline constexpr const char* kPurge = "purge";
void check_not_frozen(fs::Filesystem& filesystem, const std::string& repository, const std::string& verb);

}  // namespace repotool::store
