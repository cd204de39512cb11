// SPDX-License-Identifier: GPL-3.0-or-later
// One mirror, as the coordinator sees it: the steps of the fleet transaction, whatever moves the bytes. Every
// step may throw base::Error; a step that threw may be called again, and so may one of a coordinator that
// died.
//
//   lock → plan → stage → verify → prepare │ COMMIT │ flip → probe → finish          or, before COMMIT: abort
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "sync/plan.hpp"
#include "sync/transaction.hpp"

namespace repotool::sync {

// Throws base::Error (integrity) where MANIFEST is not signed as it should be. Empty: nobody asks.
// `signature` is empty where there is none. Called by several threads at once.
using SignatureCheck = std::function<void(std::string_view manifest, std::string_view signature)>;

struct StageRequest {
    TransactionIdentity identity;
    const store::GenerationReader& source;
    SignatureCheck check_signature;
    std::stop_token stop;  // another mirror failed: throw Cancelled soon
};

// Thrown by stage and verify when `stop` is asked for; no failure of this mirror.
struct Cancelled {};

struct MirrorState {
    std::optional<Version> current;  // what clients see
    std::optional<Version> highest;  // the newest that it ever served; older ones are refused
};

struct UnfinishedTransaction {
    std::string id;
    bool is_prepared = false;
};

struct Transferred {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t packages = 0;  // how many of the files are packages
};

class Mirror {
public:
    virtual ~Mirror() = default;
    // Unique in a fleet, written to the coordinator's journal: whoever recovers finds the mirror by it.
    virtual const std::string& name() const = 0;

    // Everything below but state() and plan() wants the lock. Throws base::Error (conflict) after the
    // timeout.
    virtual void lock(std::int64_t timeout_seconds) = 0;
    virtual void unlock() noexcept = 0;

    virtual MirrorState state(const std::string& repository) = 0;
    virtual std::vector<UnfinishedTransaction> unfinished(const std::string& repository) = 0;

    // What it lacks; changes nothing. Throws base::Error (integrity) for a generation older than its highest.
    virtual Plan plan(const StageRequest& request) = 0;
    // Brings it, hashed on the way, durable and readable on return, named by nothing that clients ask for.
    // What earlier transactions of this repository left unfinished is undone first.
    virtual Transferred stage(const StageRequest& request, const Plan& plan) = 0;
    // Reads back and hashes on the mirror what was brought, and looks for everything that the generation
    // names.
    virtual void verify(const StageRequest& request, const Plan& plan) = 0;
    // From here on the mirror can flip without the source, and remembers so.
    virtual void prepare(const TransactionIdentity& identity) = 0;

    // The one rename, and the memory of the highest version. Already there: no-op. Older than the highest:
    // base::Error (integrity). Not prepared: base::Error (conflict).
    virtual void flip(const TransactionIdentity& identity) = 0;
    // Looks at what clients see. Throws base::Error (network) when it is not this generation.
    virtual void probe(const TransactionIdentity& identity) = 0;
    // Forgets the transaction; its content stays.
    virtual void finish(const TransactionIdentity& identity) = 0;
    // Takes back everything that the transaction made. Nothing there: no-op. Needs no source, no key.
    virtual void abort(const TransactionIdentity& identity) = 0;
};

// Opens a mirror by the name that a journal recorded; never makes one. Throws base::Error (network).
using MirrorOpener = std::function<std::unique_ptr<Mirror>(const std::string& name)>;

// The one rule that no mirror bends: never back, never sideways. Throws base::Error (integrity).
void refuse_rollback(const std::string& mirror, const std::optional<Version>& highest,
                     const TransactionIdentity& identity);

}  // namespace repotool::sync
