// SPDX-License-Identifier: GPL-3.0-or-later
// How a site is: each repository's age, signature and end of validity, what is frozen, who publishes. Reads
// public/ alone where private/ is not the caller's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/store/freeze.hpp"
#include "core/store/recovery.hpp"
#include "repotool/config/open_site.hpp"

namespace repotool::publisher {

struct SignerStatus {
    std::string fingerprint;
    bool good = false;
    std::string reason;                        // why not, when not good
    std::optional<base::UnixSeconds> expires;  // of the key; empty: never
};

struct StatusProblem {
    base::ErrorKind kind = base::ErrorKind::policy;  // policy: too old; integrity: damaged
    std::string text;
};

struct RepositoryStatus {
    std::string repository;
    std::uint64_t generation = 0;
    base::UnixSeconds date = 0;
    std::int64_t age = 0;        // seconds since its date
    std::uint64_t packages = 0;  // entries in package sets
    bool is_signed = false;
    std::optional<SignerStatus> signer;
    std::optional<base::UnixSeconds> valid_until;  // the earliest of its Release files
    std::optional<store::Freeze> frozen;
    std::map<std::string, std::uint64_t> tags;
    std::optional<std::string> publisher;  // who holds its lock
    std::vector<StatusProblem> problems;
};

struct SiteStatus {
    base::UnixSeconds now = 0;
    std::vector<RepositoryStatus> repositories;
    std::optional<store::TransactionCount> transactions;  // empty: not the caller's to see
    std::uint64_t free_bytes = 0;
};

// `names`: none for all. `max_age` in seconds: an older repository has a problem. Throws base::Error (usage)
// for a name that is not there.
SiteStatus site_status(OpenSite& site, const std::vector<std::string>& names,
                       std::optional<std::int64_t> max_age);

}  // namespace repotool::publisher
