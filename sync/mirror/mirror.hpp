// SPDX-License-Identifier: GPL-3.0-or-later
// One mirror, as the coordinator sees it: the steps of the fleet transaction, whatever moves the bytes. Every
// step may throw base::Error; a step that threw may be called again, and so may one of a coordinator that
// died.
//
//   lock → plan → stage → verify → prepare │ COMMIT │ flip → probe → finish          or, before COMMIT: abort
//
// A canary flips before COMMIT; until finish() it may still be taken back by abort().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/mirror/inspection.hpp"
#include "sync/mirror/plan.hpp"
#include "sync/mirror/read_ahead.hpp"
#include "sync/mirror/retention.hpp"
#include "sync/mirror/transaction.hpp"

namespace repotool::sync {

// Throws base::Error (integrity) where MANIFEST is not signed as it should be. Empty: nobody asks.
// `signature` is empty where there is none. Called by several threads at once.
using SignatureCheck = std::function<void(std::string_view manifest, std::string_view signature)>;

struct StageRequest {
    TransactionIdentity identity;
    const store::GenerationReader& source;
    SignatureCheck check_signature;
    std::stop_token stop;  // another mirror failed, or the time is over: throw Cancelled soon
    // Where the source is at the other end of a wire: told what will be read of it. Null where it is at hand.
    ReadAhead* read_ahead = nullptr;
};

// Thrown by stage and verify when `stop` is asked for; no failure of this mirror.
struct Cancelled {};

struct MirrorState {
    std::optional<Version> current;  // what clients see
    std::optional<Version> highest;  // the newest that it ever served; older ones are refused
    // `current` is a canary's, which nobody has flipped for good yet.
    bool is_trial = false;
};

struct UnfinishedTransaction {
    std::string id;
    bool is_prepared = false;
};

struct Transferred {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;            // that had to be sent
    std::vector<std::string> packages;  // of the files: paths below pool/<repository>/

    Transferred& operator+=(const Transferred& more) {
        files += more.files;
        bytes += more.bytes;
        packages.insert(packages.end(), more.packages.begin(), more.packages.end());
        return *this;
    }
};

enum class Flip { final, canary };
// everything: the mirror is as it was. keep_content: what clients may have seen of a canary on the way stays
// readable until its grace is over.
enum class Undo { everything, keep_content };

class Mirror {
public:
    virtual ~Mirror() = default;
    // Unique in a fleet, written to the coordinator's journal: whoever recovers finds the mirror by it.
    virtual const std::string& name() const = 0;

    // One lock per repository. Everything below but state(), unfinished(), plan(), inspect() and retire()
    // wants it.
    // False where somebody else has it. Where the connection was lost, it is made again.
    virtual bool try_lock(const std::string& repository) = 0;
    // Who has it, for people who wait: "held by process 7 on host …".
    virtual std::string lock_holder(const std::string& repository) = 0;
    virtual void unlock() noexcept = 0;

    virtual MirrorState state(const std::string& repository) = 0;
    virtual std::vector<UnfinishedTransaction> unfinished(const std::string& repository) = 0;

    // What it lacks; changes nothing. Throws base::Error (integrity) for a generation older than its highest.
    virtual PlanSummary plan(const StageRequest& request) = 0;
    // Brings what plan() found, named by nothing. What earlier transactions of this repository left
    // unfinished is undone first, but for what clients may have been told of: the content of what was
    // prepared, and a canary's flip, which only its own coordinator's journal can tell right from wrong.
    virtual Transferred stage(const StageRequest& request) = 0;
    // Reads back and hashes on the mirror what was brought, durable by then, and looks for everything that
    // the generation names.
    virtual void verify(const StageRequest& request) = 0;
    // New content is readable by its names, durably, and no name that clients ask for leads to it. From here
    // on the mirror can flip without the source, and remembers so.
    virtual void prepare(const TransactionIdentity& identity) = 0;

    // The one rename, and, when it is final, the memory of the highest version. Already there: no-op. Older
    // than the highest: base::Error (integrity). Not prepared: base::Error (conflict).
    virtual void flip(const TransactionIdentity& identity, Flip kind) = 0;
    // Looks at what clients see. Throws base::Error (network) when it is not this generation.
    virtual void probe(const TransactionIdentity& identity) = 0;
    // Forgets the transaction; its content stays. `settled`: when the last mirror of the fleet flipped, from
    // when the grace of what it replaced counts.
    virtual void finish(const TransactionIdentity& identity, base::UnixSeconds settled) = 0;
    // Takes back everything that the transaction made, the flip of a canary as well. Nothing there: no-op.
    // Needs no source, no key.
    virtual void abort(const TransactionIdentity& identity, Undo undo) = 0;

    // Reads back and hashes, on the mirror, everything that the generation which clients see names. Changes
    // nothing, needs no lock, tells all that is wrong. Where nothing can be hashed there, it says so
    // (`is_read`), and is looked at through its web server alone.
    virtual Inspection inspect(const std::string& repository);

    // Tells load balancers (`.not-ready` in the mirror's root) that it lags in this repository, or that it
    // does no more.
    virtual void set_lagging(const std::string& repository, const std::string& reason) = 0;
    virtual void clear_lagging(const std::string& repository) = 0;
    // Removes what no client can be asking for any more, in all repositories. Takes their locks itself, for
    // moments.
    virtual Retired retire(const RetireRequest& request) = 0;
};

// Opens a mirror by the name that a journal recorded; never makes one. Null for one that is no longer wanted.
// Throws base::Error (network).
using MirrorOpener = std::function<std::unique_ptr<Mirror>(const std::string& name)>;

// The one rule that no mirror bends: never back, never sideways. Throws base::Error (integrity).
void refuse_rollback(const std::string& mirror, const std::optional<Version>& highest,
                     const TransactionIdentity& identity);

}  // namespace repotool::sync
