// SPDX-License-Identifier: GPL-3.0-or-later
// Repositories that nobody needs any more: their head goes, and gc takes the rest when the grace is over. A
// repository expires by `expire:` of the configuration, or by --expire of the newest publish that had one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

struct ExpireRequest {
    std::vector<std::string> repositories;   // none: all
    std::optional<std::int64_t> older_than;  // seconds, instead of each one's own; needed for those without
    DryRun dry_run = DryRun::no;
};

enum class ExpiryOutcome { expired, kept, frozen };
const char* outcome_name(ExpiryOutcome outcome) noexcept;

struct Expiry {
    std::string repository;
    std::uint64_t generation = 0;
    base::UnixSeconds last_change = 0;
    std::int64_t period = 0;  // seconds after which it expires
    ExpiryOutcome outcome = ExpiryOutcome::kept;
};

// The period after which a repository expires; 0: never.
std::int64_t expiry_period(fs::Filesystem& filesystem, const Config& config, const std::string& repository);

// What became of each repository that expires some day. Throws base::Error: usage for a named one that does
// not exist or never expires, policy for a named one that is frozen.
std::vector<Expiry> expire(const PublishContext& context, const ExpireRequest& request);

}  // namespace repotool::publisher
