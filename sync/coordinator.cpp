// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/coordinator.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/coordinator_journal.hpp"
#include "sync/fleet.hpp"
#include "sync/fleet_recovery.hpp"

namespace repotool::sync {
namespace {

using Member = Fleet::Member;

// The way of one mirror to PREPARED.
void bring(Member& member, const StageRequest& request) {
    Mirror& mirror = *member.mirror;
    const Plan plan = mirror.plan(request);
    const Transferred sent = mirror.stage(request, plan);
    member.result.bytes_sent = sent.bytes;
    member.result.files_sent = sent.files;
    member.result.packages_sent = sent.packages;
    mirror.verify(request, plan);
    mirror.prepare(request.identity);
}

void flip(Member& member, const TransactionIdentity& identity) {
    member.result.outcome = MirrorOutcome::prepared;
    member.mirror->flip(identity);
    member.result.flipped_at_ms = base::monotonic_ms();
    member.result.flipped_at = base::iso8601(base::system_clock().now());
    member.mirror->probe(identity);
    member.result.outcome = MirrorOutcome::flipped;
    try {
        member.mirror->finish(identity);
    } catch (const base::Error& error) {  // clients see the new generation: nothing worse than a leftover
        member.is_tidy = false;
        base::warn(fmt::format("{}: {}", member.result.name, error.what()));
    }
}

// True once the commit is durable. False: it never will be, and every mirror may be undone.
bool decide(CoordinatorJournal& journal, FleetResult& result) {
    try {
        if (!result.failure) {
            journal.commit();
            return true;
        }
    } catch (...) {
        // The line may or may not survive a power cut, so `abort` must be durable before any mirror is
        // undone. Where even that fails, this throws and leaves all mirrors prepared: the next run reads what
        // the disk kept.
        result.failure = describe_failure(std::current_exception());
        journal.abort();
        return false;
    }
    try {
        journal.abort();
    } catch (const base::Error& error) {  // no commit was tried: without one, nothing is committed
        base::detail(error.what());
    }
    return false;
}

// Every mirror back to what it was. What cannot be undone now, the next run undoes: then the journal stays.
void undo(Fleet& fleet, CoordinatorJournal& journal, const TransactionIdentity& identity) {
    bool is_clean = true;
    for (auto& member : fleet.members()) {
        if (!member.takes_part) continue;
        try {
            member.mirror->abort(identity);
        } catch (const std::exception& error) {
            is_clean = false;
            base::warn(
                fmt::format("{}: leftovers stay until the next run: {}", member.result.name, error.what()));
        }
    }
    if (is_clean) journal.close();
}

// After the commit, what fails is late and not lost.
void settle(Fleet& fleet, CoordinatorJournal& journal, FleetResult& result,
            const TransactionIdentity& identity) {
    bool is_tidy = true;
    for (auto& member : fleet.members()) {
        is_tidy = is_tidy && member.is_tidy;
        if (member.result.flipped_at_ms != 0) journal.note_flipped(member.result.name);
        if (member.result.failure) {
            member.result.outcome =
                member.result.flipped_at_ms != 0 ? MirrorOutcome::flipped : MirrorOutcome::prepared;
        }
    }
    if (const Failure* failure = fleet.first_failure()) {
        result.failure = *failure;
        result.failure->kind = base::ErrorKind::network;
        result.failure->hint =
            fmt::format("{} is committed: run the same command again to finish it", identity.shown());
    } else if (is_tidy) {
        journal.close();
    }
}

TransactionIdentity identity_of(const store::GenerationReader& generation) {
    const auto& manifest = generation.manifest();
    return {manifest.repository, {manifest.epoch, manifest.generation, generation.manifest_sha256()}};
}

}  // namespace

FleetResult run_fleet(Source& source, const std::string& repository, const std::vector<Mirror*>& mirrors,
                      const FleetOptions& options) {
    const std::int64_t started = base::monotonic_ms();
    // 0. One coordinator at a time. What a dead one left is finished, if it was committed, or else undone;
    // only then is
    //    there something new to do (I6).
    const auto lock = lock_source(source, repository, options.lock_timeout_seconds);
    const RecoveryReport recovered = recover_fleet(source, repository, mirrors, options);
    const auto generation = store::open_generation(source.tree, "", repository);
    const TransactionIdentity identity = identity_of(generation);
    FleetResult result{repository, identity.id(), identity.version.generation, {}, 0, 0, std::nullopt};

    Fleet fleet(mirrors, identity);
    const auto answer = [&] {
        if (!result.failure && fleet.first_failure() != nullptr) result.failure = *fleet.first_failure();
        result.mirrors = fleet.results();
        result.flip_skew_ms = fleet.flip_skew_ms();
        result.elapsed_ms = base::monotonic_ms() - started;
        return result;
    };
    // 1. Mirrors that have it already are left alone; the others are ours until the end.
    fleet.leave_out_current();
    fleet.lock(options.lock_timeout_seconds);
    if (fleet.first_failure() != nullptr || fleet.is_empty()) return answer();
    // 2. The journal knows the mirrors before any of them is touched: whoever finds us dead knows where to
    // look.
    CoordinatorJournal journal(source, identity, fleet.names(), recovered.owed_of(identity));
    // 3. All mirrors in parallel: bring what is missing, read it back, be able to flip without the source.
    // New content is
    //    readable everywhere now, and nothing that clients ask for names it.
    const StageRequest request{identity, generation, options.check_signature, fleet.stop_token()};
    fleet.on_each(fmt::format("bring {} to", identity.shown()),
                  [&](Member& member) { bring(member, request); });
    if (const Failure* failure = fleet.first_failure()) result.failure = *failure;
    for (const auto& name : fleet.names()) journal.note_prepared(name);
    // 4. The decision. Before it is durable, everything goes back; after it, only forward.
    if (!decide(journal, result)) {
        undo(fleet, journal, identity);
        return answer();
    }
    // 5. All mirrors in parallel: the one rename that clients see (I2), and a look at what they see.
    fleet.on_each(fmt::format("flip {} on", identity.shown()),
                  [&](Member& member) { flip(member, identity); });
    // 6. Done where all have flipped. Otherwise the journal stays, and the next run flips the rest.
    settle(fleet, journal, result, identity);
    return answer();
}

}  // namespace repotool::sync
