// SPDX-License-Identifier: GPL-3.0-or-later
// What the mirrors serve, read to the last byte on each of them and compared with what the source and its
// keyring know: mirrors do not only fall behind, their disks rot and people edit them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/fleet/coordinator.hpp"

namespace repotool::sync {

// The worst that is true of a mirror, in this order.
enum class Soundness {
    sound,
    unserved,     // its files are sound, and its web server gives something else
    missing,      // it serves nothing of this repository
    unreachable,  // it could not be asked
    damaged,
};
const char* soundness_name(Soundness soundness);

struct Verdict {
    std::string mirror;
    Soundness soundness = Soundness::sound;
    Inspection inspection;
    bool is_signature_checked = false;
    bool is_looked_at = false;         // through its web server
    std::optional<Failure> failure{};  // why it is not sound; empty where it is
};

// In the order of `members`, which are asked side by side. Changes nothing and takes no lock. Throws
// base::Error (usage) where the source has no such repository.
std::vector<Verdict> verify_fleet(Source& source, const std::string& repository,
                                  const std::vector<FleetMember>& members, const FleetOptions& options);

}  // namespace repotool::sync
