// SPDX-License-Identifier: GPL-3.0-or-later
// Recording what a check found, and what has to be tested again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/site.hpp"
#include "repotool/config/config.hpp"
#include "repotool/config/given_secrets.hpp"
#include "repotool/policy/evidence_log.hpp"

namespace repotool::publisher {

struct CheckResult {
    std::string change;  // as open_change() takes it
    std::string check;
    EvidenceStatus status = EvidenceStatus::fail;
    std::string dist;     // that alone was tested; empty: all
    std::string log_url;  // http or https; may be empty
    std::string junit;    // the report itself; may be empty
    std::string key;      // name in `keys`; empty: Config::evidence_signer()
    std::string job;
    GivenSecrets secrets{};
};

// Durable on return. Throws base::Error (usage): no such change, dist or key, or a name or address that is
// not allowed; (signing).
StoredEvidence record_result(store::Site& site, const Config& config, const CheckResult& result);

// A test repository that was built against a generation that is not the current one.
struct OutstandingChange {
    GenerationName change;
    GenerationName base;
    std::optional<std::uint64_t> current;  // generation of the base's repository; empty: it is gone
};
// Sorted by name. Reads the history of each repository.
std::vector<OutstandingChange> outstanding_changes(fs::Filesystem& filesystem);

}  // namespace repotool::publisher
