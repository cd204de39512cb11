// SPDX-License-Identifier: GPL-3.0-or-later
// What a fleet transaction did, for people and for --json.
#pragma once

#include <cstdint>
#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace repotool::sync {

// Why something failed, as errors are shown: "cannot <verb> '<object>': <reason>".
struct Failure {
    base::ErrorKind kind = base::ErrorKind::internal;
    std::string object;
    std::string message;
    std::string hint;
};
// `verb` and `mirror` make the message of a step that failed on one mirror.
Failure describe_failure(const std::exception_ptr& error, const std::string& verb, const std::string& mirror);
// Any other error, as it is.
Failure describe_failure(const std::exception_ptr& error);

enum class MirrorOutcome {
    unchanged,  // it had this generation already; nothing was written
    flipped,    // clients see the new generation
    aborted,    // as it was; another mirror failed
    failed,     // as it was; it is why the transaction failed
    prepared,   // committed, but it could not flip yet: the next run finishes it
    lagging,    // as it was, though the fleet committed without it: it is optional
    returned,   // a canary that flipped and was taken back
};

struct MirrorResult {
    std::string name;
    MirrorOutcome outcome = MirrorOutcome::aborted;
    std::uint64_t bytes_sent = 0;
    std::uint64_t files_sent = 0;
    std::vector<std::string> packages_sent;  // paths below pool/<repository>/
    std::string flipped_at;                  // ISO 8601, or empty
    std::int64_t flipped_at_ms = 0;          // of the clock that never steps
    std::optional<Failure> failure;
};

struct Phase {
    std::string name;  // stage, flip …
    std::int64_t ms = 0;
};

struct FleetResult {
    std::string repository;
    std::string transaction;  // digest of MANIFEST; empty where it was never read
    std::uint64_t generation = 0;
    std::vector<MirrorResult> mirrors;
    std::int64_t flip_skew_ms = 0;
    std::int64_t elapsed_ms = 0;
    std::optional<Failure> failure;
    // The fleet committed (or had it already), and some optional mirror has not got it.
    bool is_lagging = false;
    std::vector<Phase> phases;
    base::UnixSeconds published_at = 0;  // date of the generation
    base::UnixSeconds settled_at = 0;    // last flip; 0: none in this run
};

// The document of the contract, without `transactions`.
nlohmann::json to_json(const FleetResult& result);
nlohmann::json to_json(const Failure& failure);
// Exit status of a run: 0, that of the failure, or 10 where an optional mirror lags.
int exit_status(const FleetResult& result) noexcept;
// The answer in one line: "stable@42 is live on 2 mirrors (3 new packages, 1.2 MiB sent)".
std::string summary(const FleetResult& result);

}  // namespace repotool::sync
