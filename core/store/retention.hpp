// SPDX-License-Identifier: GPL-3.0-or-later
// Which generations of a repository stay and why (I4). Grace is time, counted from the moment in which a
// generation stopped being current, as the history tells it; never from the times of files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::store {

struct RetentionRules {
    std::int64_t grace_metadata = 48 * 3600;   // seconds
    std::int64_t grace_packages = 14 * 86400;  // seconds
    unsigned keep_generations = 3;             // newest ones, whatever their age
};

// Why a generation stays. claimed: not (or not yet) current, a publisher's affair. unclear: nothing tells
// when it stopped being current.
enum class Reason { none, current, tagged, newest, grace, claimed, unclear };
const char* reason_name(Reason reason) noexcept;

struct Standing {
    std::uint64_t generation = 0;
    Reason reason = Reason::none;                 // none: it may go
    std::optional<base::UnixSeconds> superseded;  // when it stopped being current
};

struct RepositoryStanding {
    std::optional<std::uint64_t> current;
    bool expired = false;               // no current generation, and the history says that it is meant so
    std::vector<Standing> generations;  // ascending
};

// Looks at gen/<repository>, the head, the tags and the newest part of the history. Certain under the
// repository's lock.
RepositoryStanding judge_generations(fs::Filesystem& filesystem, const std::string& repository,
                                     const RetentionRules& rules, base::UnixSeconds now);

}  // namespace repotool::store
