// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/fleet_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "sync/fleet/coordinator_journal.hpp"

namespace repotool::sync {
namespace {

// Holds a mirror's lock for a while.
class MirrorLock {
public:
    MirrorLock(Mirror& mirror, const std::string& repository, std::int64_t timeout_seconds, Runtime& runtime)
        : mirror_(mirror) {
        constexpr std::int64_t kPauseMs = 100;
        const std::int64_t deadline = runtime.monotonic_ms() + timeout_seconds * 1000;
        while (!mirror_.try_lock(repository)) {
            if (runtime.monotonic_ms() >= deadline) {
                throw base::Error(
                    base::ErrorKind::conflict, "lock", mirror_.name(),
                    fmt::format("waited {} s; {}", timeout_seconds, mirror_.lock_holder(repository)));
            }
            runtime.sleep_ms(kPauseMs);
        }
    }
    ~MirrorLock() { mirror_.unlock(); }
    MirrorLock(const MirrorLock&) = delete;
    MirrorLock& operator=(const MirrorLock&) = delete;

private:
    Mirror& mirror_;
};

// A mirror that has moved on, or that lost what it had prepared (emptied, restored from a backup), is left to
// the ordinary way: it gets the newest generation with the next transaction that it takes part in.
void complete(Mirror& mirror, const TransactionIdentity& identity) {
    const auto highest = mirror.state(identity.repository).highest;
    const auto unfinished = mirror.unfinished(identity.repository);
    const bool is_prepared = std::any_of(
        unfinished.begin(), unfinished.end(),
        [&](const UnfinishedTransaction& item) { return item.id == identity.id() && item.is_prepared; });
    if (highest && is_older(identity.version, *highest)) {
        mirror.finish(identity, base::system_clock().real_now());
    } else if (is_prepared || (highest && *highest == identity.version)) {
        mirror.flip(identity, Flip::final);  // a no-op where only the note of it is missing
        mirror.probe(identity);
        mirror.finish(identity, base::system_clock().real_now());
        mirror.clear_lagging(identity.repository);
    } else {
        mirror.abort(identity, Undo::everything);
    }
}

class Recovery {
public:
    Recovery(const std::vector<Mirror*>& mirrors, const FleetOptions& options)
        : mirrors_(mirrors),
          options_(options),
          runtime_(options.runtime == nullptr ? real_runtime() : *options.runtime) {}

    // Names of the mirrors that could not be reached.
    std::vector<std::string> on_each(const std::vector<std::string>& names,
                                     const TransactionIdentity& identity,
                                     void (*work)(Mirror&, const TransactionIdentity&)) {
        std::vector<std::string> unreached;
        for (const auto& name : names) {
            try {
                std::unique_ptr<Mirror> opened;
                Mirror* found = find(name, opened);
                if (found == nullptr) {
                    base::info(
                        fmt::format("{} of an interrupted run: '{}' is no mirror of the fleet any more",
                                    identity.shown(), name));
                    continue;
                }
                Mirror& mirror = *found;
                const MirrorLock lock(mirror, identity.repository, options_.policy.lock_timeout_seconds,
                                      runtime_);
                work(mirror, identity);
            } catch (const base::Error& error) {
                unreached.push_back(name);
                base::warn(fmt::format("{} of an interrupted run waits for '{}': {}", identity.shown(), name,
                                       error.what()));
            }
        }
        return unreached;
    }

private:
    Mirror* find(const std::string& name, std::unique_ptr<Mirror>& opened) {
        for (Mirror* mirror : mirrors_) {
            if (mirror->name() == name) return mirror;
        }
        opened = options_.open_mirror(name);
        return opened.get();
    }

    const std::vector<Mirror*>& mirrors_;
    const FleetOptions& options_;
    Runtime& runtime_;
};

void undo(Mirror& mirror, const TransactionIdentity& identity) {
    mirror.abort(identity, Undo::everything);
}

void undo_after_canary(Mirror& mirror, const TransactionIdentity& identity) {
    mirror.abort(identity, Undo::keep_content);
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// Nothing was decided, no client saw it, and all mirrors that it was about take part again.
bool is_resumable(const CoordinatorRecord& record, const TransactionIdentity& next,
                  const std::vector<Mirror*>& mirrors) {
    const bool is_next =
        record.identity.repository == next.repository && record.identity.version == next.version;
    if (!is_next || record.decision != Decision::none || record.has_canary || !record.owed.empty())
        return false;
    return std::all_of(record.mirrors.begin(), record.mirrors.end(), [&](const std::string& name) {
        return std::any_of(mirrors.begin(), mirrors.end(),
                           [&](const Mirror* mirror) { return mirror->name() == name; });
    });
}

}  // namespace

RecoveryReport recover_fleet(Source& source, const std::string& repository,
                             const std::vector<Mirror*>& mirrors, const FleetOptions& options, Recover what,
                             const std::optional<TransactionIdentity>& next) {
    RecoveryReport report;
    Recovery recovery(mirrors, options);
    for (const auto& record : read_coordinator_journals(source, repository)) {
        const TransactionIdentity& identity = record.identity;
        if (identity.id().empty()) {  // killed before its first line: no mirror knows of it
            end_coordinator_journal(source, record);
            continue;
        }
        if (next && is_resumable(record, *next, mirrors)) continue;
        const bool is_committed = record.decision == Decision::commit;
        if (is_committed && what == Recover::undecided) {
            ++report.committed;
            continue;
        }
        const auto committed = is_committed ? joined(record.owed, record.mirrors) : record.owed;
        auto unreached = recovery.on_each(committed, identity, &complete);
        if (!unreached.empty()) report.owed[identity.id()] = unreached;
        const auto take_back = record.has_canary ? &undo_after_canary : &undo;
        if (!is_committed)
            unreached = joined(unreached, recovery.on_each(record.mirrors, identity, take_back));
        for (const auto& name : unreached) {
            if (std::find(report.waiting.begin(), report.waiting.end(), name) == report.waiting.end())
                report.waiting.push_back(name);
        }
        if (!unreached.empty()) continue;
        end_coordinator_journal(source, record);
        (is_committed ? report.finished : report.undone) += 1;
        base::info(fmt::format("{} {}, which an earlier run left unfinished",
                               is_committed ? "finished" : "took back", identity.shown()));
    }
    return report;
}

RecoveryReport resume_fleet(Source& source, const std::string& repository,
                            const std::vector<FleetMember>& members, const FleetOptions& options,
                            Recover what) {
    const auto lock = lock_source(source, repository, options.policy.lock_timeout_seconds);
    std::vector<Mirror*> mirrors;
    for (const auto& member : members) mirrors.push_back(member.mirror);
    return recover_fleet(source, repository, mirrors, options, what);
}

}  // namespace repotool::sync
