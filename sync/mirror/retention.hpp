// SPDX-License-Identifier: GPL-3.0-or-later
// How long a mirror keeps what is no longer current (I3, I4): as the site does, counted from when the fleet
// had settled on what replaced it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/purge_list.hpp"
#include "core/store/retention.hpp"

namespace repotool::sync {

struct RetireRequest {
    store::RetentionRules rules;
    std::vector<store::PurgedEntry> purged;  // package files that go now, whatever the grace
    std::int64_t lock_timeout = 600;         // seconds
};

struct Retired {
    std::uint64_t generations = 0;
    std::uint64_t metadata_files = 0;
    std::uint64_t package_files = 0;
    std::uint64_t bytes = 0;                // of both
    std::uint64_t purged_files = 0;         // of the package files
    std::uint64_t waiting_files = 0;        // packages whose grace is not over
    std::vector<std::string> left_alone{};  // what could not be done this time, a message each
};

}  // namespace repotool::sync
