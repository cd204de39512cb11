// SPDX-License-Identifier: GPL-3.0-or-later
// The fleet transaction (docs/ARCHITECTURE.md §8): a two-phase commit that moves one repository on many
// mirrors. Before the commit decision is durable, any failure of a required mirror leaves every mirror as it
// was; after it, every mirror goes forward, in this run or in the next one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/fleet/fleet.hpp"
#include "sync/fleet/preflight.hpp"
#include "sync/fleet/result.hpp"
#include "sync/source/source.hpp"

namespace repotool::sync {

struct FleetOptions {
    FleetPolicy policy;
    SignatureCheck check_signature;  // empty: signatures are carried, not checked
    MirrorOpener open_mirror;        // for mirrors that only an old journal names
    Runtime* runtime = nullptr;      // null: the real one
    std::string keyring{};           // bytes of public keys; empty: those that the source publishes
    // Seconds to wait for another coordinator; empty: the policy's time.
    std::optional<std::int64_t> source_patience{};
};
Runtime& runtime_of(const FleetOptions& options);
// What moving this generation is called.
TransactionIdentity identity_of(const store::GenerationReader& generation);

// Brings the source's current generation of `repository` to all mirrors, after finishing or undoing what a
// dead coordinator left. Failures of mirrors are in the result; base::Error is thrown for what concerns no
// mirror: no such repository (usage), a busy source (conflict), a journal that cannot be written (storage).
FleetResult run_fleet(Source& source, const std::string& repository, const std::vector<FleetMember>& members,
                      const FleetOptions& options);

// Removes from each mirror what no client can be asking for any more. A mirror that fails is warned of.
// `tell` is called once for each that did not, by one thread at a time.
void retire_all(const std::vector<FleetMember>& members, const FleetOptions& options,
                const std::function<void(const std::string& mirror, const Retired&)>& tell);

// What run_fleet() would bring to each mirror; changes nothing and takes no lock. A mirror whose result has a
// failure has no summary; `unchanged`: it has the generation already.
struct FleetPlan {
    std::string repository;
    std::uint64_t generation = 0;
    std::vector<std::pair<MirrorResult, PlanSummary>> mirrors;
    std::optional<Failure> failure;          // why the fleet could not commit
    std::vector<PreflightFinding> findings;  // of the generation: what stops it, and what soon will
};
FleetPlan plan_fleet(Source& source, const std::string& repository, const std::vector<FleetMember>& members,
                     const FleetOptions& options);

}  // namespace repotool::sync
