// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/store/generation_reader.hpp"
#include "sync/fleet/coordinator_journal.hpp"
#include "sync/fleet/fleet_recovery.hpp"
#include "sync/fleet/quarantine.hpp"
#include "sync/fleet/requests.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using Member = Fleet::Member;

// A transaction that takes half of what a mirror has is more often a mistake than not.
void guard_against_mass_removal(const PlanSummary& plan, const std::string& mirror,
                                const FleetPolicy& policy) {
    constexpr std::uint64_t kAlwaysAllowed = 100;
    const std::uint64_t most =
        policy.max_delete.value_or(std::max(kAlwaysAllowed, plan.present_packages / 2));
    if (plan.removed_packages <= most) return;
    throw Error(ErrorKind::policy, "bring so large a removal to", mirror,
                fmt::format("{} of its {} would leave, at most {} may", plan.removed_packages,
                            base::counted(plan.present_packages, "package"), most),
                fmt::format("if it is meant so, give --max-delete {}", plan.removed_packages));
}

class Transaction {
public:
    Transaction(Source& source, const store::GenerationReader& generation,
                const std::vector<FleetMember>& members, const FleetOptions& options, Runtime& runtime)
        : source_(source),
          options_(options),
          policy_(options.policy),
          runtime_(runtime),
          identity_(identity_of(generation)),
          fleet_(members, identity_, policy_, runtime),
          request_{identity_, generation, options.check_signature, fleet_.stop_token()},
          started_(runtime.monotonic_ms()) {
        result_.repository = identity_.repository;
        result_.transaction = identity_.id();
        result_.generation = identity_.version.generation;
        result_.published_at = generation.manifest().date;
    }

    FleetResult run(const RecoveryReport& recovered) {
        const auto alarm = set_deadline();
        // 1. Mirrors that have it already are left alone; the others are ours until the end.
        fleet_.leave_out_current();
        fleet_.leave_out_unsettled(recovered.waiting);
        fleet_.lock();
        if (fleet_.objection() || fleet_.is_empty() || is_out_of_date()) return answer();
        // 2. What it takes, and whether that is allowed: nothing is touched yet.
        fleet_.on_each(fmt::format("plan {} for", identity_.shown()), [&](Member& member) { plan(member); });
        if (fleet_.objection()) return answer();
        step("plan");
        // 3. The journal knows the mirrors before any of them is touched: whoever finds us dead knows where
        // to look.
        has_shown_ = recovered.shown.contains(identity_.id()) || fleet_.is_shown();
        CoordinatorJournal journal(source_, identity_,
                                   {fleet_.names(), recovered.owed_of(identity_), has_shown_});
        // 4. All mirrors in parallel: bring what is missing, read it back, be able to flip without the
        // source. New content is readable everywhere then, and nothing that clients ask for names it.
        fleet_.on_each(fmt::format("bring {} to", identity_.shown()), [&](Member& member) { bring(member); });
        journal.note_prepared(fleet_.names(is_prepared));
        step("prepare");
        leave_behind();
        // 5. The canary shows it to some clients first, where none have seen it yet.
        if (!fleet_.objection() && !fleet_.is_committed_before()) flip_canaries(journal);
        // 6. The decision. Before it is durable, everything goes back; after it, only forward.
        if (!decide(journal)) {
            undo(journal);
            return answer();
        }
        fleet_.set_committed();
        // 7. All mirrors at once: the one rename that clients see (I2). Then a look at what they see, which
        // may take its time.
        const std::string flipping = fmt::format("flip {} on", identity_.shown());
        fleet_.on_each(
            flipping, [&](Member& member) { flip(member); }, is_prepared, Fleet::Pace::at_once);
        step("flip");
        fleet_.on_each(
            flipping, [&](Member& member) { look(member); }, is_prepared);
        step("probe");
        // 8. Done where all have flipped. Otherwise the journal stays, and the next run flips the rest.
        settle(journal);
        step("settle");
        return answer();
    }

private:
    std::unique_ptr<Alarm> set_deadline() {
        if (policy_.deadline_seconds == 0) return nullptr;
        return runtime_.set_alarm(policy_.deadline_seconds * 1000, [this] {
            fleet_.call_time(fmt::format("it was not ready in {} s", policy_.deadline_seconds));
        });
    }

    // What clients would refuse is brought nowhere.
    bool is_out_of_date() {
        for (const auto& finding :
             examine_dates(request_.source, options_.keyring, base::system_clock().real_now())) {
            if (!finding.is_fatal) base::warn(finding.failure.message + "; " + finding.failure.hint);
            if (finding.is_fatal && !result_.failure) result_.failure = finding.failure;
        }
        return result_.failure.has_value();
    }

    void plan(Member& member) {
        guard_against_mass_removal(member.mirror->plan(request_), member.result.name, policy_);
    }

    // The way of one mirror to PREPARED. Where only the look at it is tried again, nothing is brought again.
    void bring(Member& member) {
        if (!member.is_brought) {
            Mirror& mirror = *member.mirror;
            const Transferred sent = mirror.stage(request_);
            member.result.bytes_sent += sent.bytes;
            member.result.files_sent += sent.files;
            member.result.packages_sent = sent.packages;
            mirror.verify(request_);
            mirror.prepare(identity_);
            member.is_brought = true;
        }
        if (member.checker != nullptr) member.checker->check_staged(request_, member.before);
        member.is_prepared = true;
    }

    static bool is_prepared(const Member& member) { return member.is_prepared && !member.result.failure; }

    // What the fleet can do without: taken back on the mirror if it can be reached, and kept from clients.
    void leave_behind() {
        if (fleet_.objection()) return;
        fleet_.try_on_each(
            [&](Member& member) {
                // Without its lock, what is there may be another coordinator's.
                if (member.is_locked)
                    attempt(member, [&] { member.mirror->abort(identity_, Undo::everything); });
                keep_from_clients(member);
            },
            [](const Member& member) { return member.takes_part && member.result.failure.has_value(); });
    }

    // Where it can be reached: its load balancer sees that it is not ready. One that has the generation after
    // all (the answer was lost, or another coordinator was there) is.
    void keep_from_clients(Member& member) {
        try {
            const auto highest = member.mirror->state(identity_.repository).highest;
            if (highest && !is_older(*highest, identity_.version)) return;
            // With the lock, where it is free: a coordinator that had it before and sleeps must not wake up
            // and send clients there again.
            if (!member.is_locked) member.is_locked = member.mirror->try_lock(identity_.repository);
            member.mirror->set_lagging(identity_.repository, member.result.failure->message);
        } catch (const std::exception& error) {
            base::warn(
                fmt::format("{}: could not be told that it is behind: {}", member.result.name, error.what()));
        }
    }

    void flip_canaries(CoordinatorJournal& journal) {
        const auto is_canary = [](const Member& member) { return member.policy.is_canary; };
        for (const auto& member : fleet_.members()) {
            if (!member.is_well() || !is_canary(member)) continue;
            journal.canary(member.result.name);
            has_shown_ = true;
        }
        if (!has_shown_) return;
        fleet_.on_each(
            fmt::format("try {} on the canary", identity_.shown()),
            [&](Member& member) {
                member.mirror->flip(identity_, Flip::canary);
                member.is_flipped = true;
                look(member);
            },
            is_canary);
        // Even where the policy could do without it: what clients of the canary cannot use is not for others.
        const Failure* failure = fleet_.first_failure(
            [](const Member& member) { return member.policy.is_canary && member.is_prepared; });
        if (failure != nullptr) canary_failure_ = *failure;
        step("canary");
    }

    void look(Member& member) {
        member.mirror->probe(identity_);
        if (member.checker != nullptr) member.checker->check_live(request_);
    }

    std::optional<Failure> objection() const {
        return canary_failure_ ? canary_failure_ : fleet_.objection();
    }

    // True once the commit is durable. False: it never will be, and every mirror may be undone.
    bool decide(CoordinatorJournal& journal) {
        result_.failure = objection();
        try {
            if (!result_.failure) {
                journal.commit(fleet_.names(is_prepared));
                return true;
            }
        } catch (...) {
            // The line may or may not survive a power cut, so `abort` must be durable before any mirror is
            // undone. Where even that fails, this throws and leaves all mirrors prepared: the next run reads
            // what the disk kept.
            result_.failure = describe_failure(std::current_exception());
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

    // Every mirror back to what it was. What cannot be undone now, the next run undoes: then the journal
    // stays.
    void undo(CoordinatorJournal& journal) {
        // Clients of those that show it may come to the other mirrors for what they were told of there.
        const Undo kind = has_shown_ ? Undo::keep_content : Undo::everything;
        std::atomic<bool> is_clean = !has_unsettled();
        fleet_.try_on_each(
            [&](Member& member) {
                if (!attempt(member, [&] { member.mirror->abort(identity_, kind); })) is_clean = false;
                if (!member.is_flipped) return;
                member.result.outcome = MirrorOutcome::returned;
                if (member.result.failure) keep_from_clients(member);
            },
            [](const Member& member) { return member.takes_part && member.is_locked; });
        if (is_clean) journal.close();
    }

    // What may fail: it is tried again by the next run.
    bool attempt(Member& member, const std::function<void()>& action) {
        try {
            action();
            return true;
        } catch (const std::exception& error) {
            // Whoever failed already is told of anyway.
            const std::string message =
                fmt::format("{}: leftovers stay until the next run: {}", member.result.name, error.what());
            member.result.failure ? base::detail(message) : base::warn(message);
            return false;
        }
    }

    void flip(Member& member) {
        member.result.outcome = MirrorOutcome::prepared;
        member.mirror->flip(identity_, Flip::final);
        member.is_flipped = true;
        member.result.flipped_at_ms = runtime_.monotonic_ms();
        member.result.flipped_at = base::iso8601(runtime_.now());
        member.result.outcome = MirrorOutcome::flipped;
    }

    // After the commit, what fails is late and not lost.
    void settle(CoordinatorJournal& journal) {
        const auto is_behind = [](const Member& member) {
            return member.result.failure && member.is_prepared && !member.is_flipped;
        };
        fleet_.try_on_each([&](Member& member) { keep_from_clients(member); }, is_behind);
        // Nobody is sent to what was before any more: from now on counts its grace.
        result_.settled_at = runtime_.now();
        fleet_.on_each(
            "tidy up", [&](Member& member) { finish(member); }, is_flipped);
        journal.note_flipped(fleet_.names(is_flipped));
        bool is_tidy = !has_unsettled();
        for (auto& member : fleet_.members()) {
            if (!member.takes_part) continue;
            is_tidy = is_tidy && member.is_tidy && (member.is_flipped || !member.is_prepared);
            if (member.result.failure)
                member.result.outcome = member.is_flipped    ? MirrorOutcome::flipped
                                        : member.is_prepared ? MirrorOutcome::prepared
                                                             : MirrorOutcome::lagging;
        }
        const auto is_late = [](const Member& member) { return member.is_prepared; };
        if (const Failure* failure = fleet_.first_failure(is_late)) {
            result_.failure = *failure;
            result_.failure->kind = ErrorKind::network;
            result_.failure->hint =
                fmt::format("{} is committed: run the same command again to finish it", identity_.shown());
        } else if (is_tidy) {
            journal.close();
        }
    }

    // Then the journal stays: it knows of what is left there.
    bool has_unsettled() {
        const auto& all = fleet_.members();
        return std::any_of(all.begin(), all.end(), [](const Member& member) { return member.is_unsettled; });
    }

    static bool is_flipped(const Member& member) { return member.is_flipped; }

    void finish(Member& member) {
        try {
            member.mirror->finish(identity_, result_.settled_at);
            member.mirror->clear_lagging(identity_.repository);
        } catch (const base::Error& error) {  // clients see the new generation: nothing worse than a leftover
            member.is_tidy = false;
            base::warn(fmt::format("{}: {}", member.result.name, error.what()));
        }
    }

    // Who is out of step with the fleet from now on.
    void update_quarantine() {
        const auto before = read_quarantine(source_, identity_.repository);
        std::vector<Quarantined> after;
        const auto member_of = [&](const std::string& name) {
            const auto& all = fleet_.members();
            return std::find_if(all.begin(), all.end(),
                                [&](const Member& m) { return m.result.name == name; });
        };
        for (const auto& entry : before) {
            if (member_of(entry.mirror) == fleet_.members().end()) after.push_back(entry);
        }
        for (const auto& member : fleet_.members()) {
            const auto known = std::find_if(before.begin(), before.end(), [&](const Quarantined& entry) {
                return entry.mirror == member.result.name;
            });
            const bool is_out = is_out_of_step(member);
            if (is_out && known == before.end())
                after.push_back({member.result.name, member.result.failure->message, runtime_.now()});
            // Until it is current, one that was out stays so, whatever this run wanted of it.
            if (known != before.end() && (is_out || !is_current(member))) after.push_back(*known);
        }
        const auto names = [](const std::vector<Quarantined>& entries) {
            std::vector<std::string> all;
            for (const auto& entry : entries) all.push_back(entry.mirror);
            return all;
        };
        if (names(before) != names(after)) write_quarantine(source_, identity_.repository, after);
    }

    static bool is_current(const Member& member) {
        return member.result.outcome == MirrorOutcome::flipped ||
               member.result.outcome == MirrorOutcome::unchanged;
    }

    bool is_out_of_step(const Member& member) const {
        if (!member.result.failure) return false;
        const auto outcome = member.result.outcome;
        return outcome == MirrorOutcome::lagging || outcome == MirrorOutcome::returned ||
               (outcome == MirrorOutcome::prepared && result_.settled_at != 0);
    }

    void step(const std::string& name) {
        const std::int64_t now = runtime_.monotonic_ms();
        result_.phases.push_back({name, now - last_step_});
        last_step_ = now;
    }

    FleetResult answer() {
        const auto objection = fleet_.objection();
        if (!result_.failure && result_.settled_at == 0) result_.failure = objection;
        for (auto& member : fleet_.members()) {
            if (!result_.failure && member.result.failure && !member.is_prepared) {
                member.result.outcome = MirrorOutcome::lagging;
                result_.is_lagging = true;
            }
        }
        update_quarantine();
        result_.mirrors = fleet_.results();
        result_.flip_skew_ms = fleet_.flip_skew_ms();
        result_.elapsed_ms = runtime_.monotonic_ms() - started_;
        return result_;
    }

    Source& source_;
    const FleetOptions& options_;
    const FleetPolicy& policy_;
    Runtime& runtime_;
    TransactionIdentity identity_;
    Fleet fleet_;
    StageRequest request_;
    std::int64_t started_;
    std::int64_t last_step_ = started_;
    bool has_shown_ = false;  // some mirror shows the generation to its clients, or did
    std::optional<Failure> canary_failure_;
    FleetResult result_;
};

std::vector<Mirror*> mirrors_of(const std::vector<FleetMember>& members) {
    std::vector<Mirror*> mirrors;
    for (const auto& member : members) mirrors.push_back(member.mirror);
    return mirrors;
}

// Empty where there is nothing to bring: whoever opens it then says why.
std::optional<TransactionIdentity> next_transaction(Source& source, const std::string& repository) {
    try {
        return identity_of(store::open_generation(source.tree, "", repository));
    } catch (const Error& error) {
        base::detail(error.what());
        return std::nullopt;
    }
}

}  // namespace

Runtime& runtime_of(const FleetOptions& options) {
    return options.runtime == nullptr ? real_runtime() : *options.runtime;
}

TransactionIdentity identity_of(const store::GenerationReader& generation) {
    const auto& manifest = generation.manifest();
    return {manifest.repository, {manifest.epoch, manifest.generation, generation.manifest_sha256()}};
}

FleetResult run_fleet(Source& source, const std::string& repository, const std::vector<FleetMember>& members,
                      const FleetOptions& options) {
    // One coordinator at a time. What a dead one left is finished, if it was committed, or else undone; only
    // then is there something new to do (I6).
    const auto lock = lock_source(source, repository,
                                  options.source_patience.value_or(options.policy.lock_timeout_seconds));
    const auto requests = open_requests(source, repository);  // which this run serves: they came before it
    const RecoveryReport recovered = recover_fleet(source, repository, mirrors_of(members), options,
                                                   Recover::all, next_transaction(source, repository));
    const auto generation = store::open_generation(source.tree, "", repository);
    FleetResult result =
        Transaction(source, generation, members, options, runtime_of(options)).run(recovered);
    if (!result.failure) settle_requests(source, repository, requests);
    return result;
}

void retire_all(const std::vector<FleetMember>& members, const FleetOptions& options,
                const std::function<void(const std::string& mirror, const Retired&)>& tell) {
    std::vector<std::function<void()>> work;
    std::mutex mutex;
    for (const auto& member : members) {
        work.emplace_back([&, mirror = member.mirror] {
            try {
                const Retired retired = mirror->retire(options.policy.retire);
                const std::scoped_lock lock(mutex);
                tell(mirror->name(), retired);
            } catch (const std::exception& error) {
                base::warn(fmt::format("{}: what is old stays for now: {}", mirror->name(), error.what()));
            }
        });
    }
    runtime_of(options).run_all(work, options.policy.parallel);
}

FleetPlan plan_fleet(Source& source, const std::string& repository, const std::vector<FleetMember>& members,
                     const FleetOptions& options) {
    const auto generation = store::open_generation(source.tree, "", repository);
    const TransactionIdentity identity = identity_of(generation);
    Fleet fleet(members, identity, options.policy, runtime_of(options));
    const StageRequest request{identity, generation, options.check_signature, fleet.stop_token()};
    std::vector<PlanSummary> summaries(members.size());
    fleet.set_committed();  // one that cannot be asked keeps nobody from answering
    fleet.leave_out_current();
    fleet.on_each(fmt::format("plan {} for", identity.shown()), [&](Member& member) {
        const auto index = static_cast<std::size_t>(&member - fleet.members().data());
        summaries[index] = member.mirror->plan(request);
        guard_against_mass_removal(summaries[index], member.result.name, options.policy);
    });
    FleetPlan plan{repository, identity.version.generation, {}, fleet.objection(), {}};
    plan.findings = examine_dates(generation, options.keyring, base::system_clock().real_now());
    for (const auto& finding : plan.findings) {
        if (finding.is_fatal && !plan.failure) plan.failure = finding.failure;
    }
    const auto results = fleet.results();
    for (std::size_t i = 0; i < results.size(); ++i) plan.mirrors.emplace_back(results[i], summaries[i]);
    return plan;
}

}  // namespace repotool::sync
