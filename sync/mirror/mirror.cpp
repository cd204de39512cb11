// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/mirror.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace repotool::sync {

Inspection Mirror::inspect(const std::string& repository) {
    Inspection inspection;
    if (const auto current = state(repository).current) inspection.generation = current->generation;
    return inspection;
}

void refuse_rollback(const std::string& mirror, const std::optional<Version>& highest,
                     const TransactionIdentity& identity) {
    if (!highest) return;
    if (is_older(identity.version, *highest)) {
        throw base::Error(
            base::ErrorKind::integrity, fmt::format("bring {} to", identity.shown()), mirror,
            fmt::format("it has served generation {} of epoch {} already, this is generation {} of "
                        "epoch {}: mirrors never go back",
                        highest->generation, highest->epoch, identity.version.generation,
                        identity.version.epoch),
            "to go back, run repotool rollback and then mirrorsync; after restoring a site from "
            "a backup, raise its epoch");
    }
    if (!is_older(*highest, identity.version) && highest->manifest_sha256 != identity.id()) {
        throw base::Error(
            base::ErrorKind::integrity, fmt::format("bring {} to", identity.shown()), mirror,
            fmt::format("it has served another generation {} of epoch {}: expected MANIFEST {}, found {}",
                        highest->generation, highest->epoch, highest->manifest_sha256, identity.id()),
            "this source is not the one that the mirror followed before");
    }
}

}  // namespace repotool::sync
