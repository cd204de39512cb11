// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/fleet_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/store/generation_reader.hpp"
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

// A mirror on which something of an interrupted transaction may be.
struct Visit {
    std::string name;
    Mirror* mirror = nullptr;
    std::unique_ptr<Mirror> opened{};  // owns it where the fleet does not
    std::unique_ptr<MirrorLock> lock{};
    bool is_gone = false;     // no mirror of the fleet any more
    bool is_reached = false;  // and everything went well
    bool has_it = false;      // it serves the transaction's generation, or a later one
};

class Recovery {
public:
    Recovery(const std::vector<Mirror*>& mirrors, const FleetOptions& options, TransactionIdentity identity)
        : mirrors_(mirrors),
          options_(options),
          runtime_(options.runtime == nullptr ? real_runtime() : *options.runtime),
          identity_(std::move(identity)) {}

    // Both return the names of the mirrors that could not be reached.
    //
    // Forward. First all flip, then the grace of what they served before begins on all of them.
    // `is_newest`: the source has nothing newer, so that a mirror is up to date with it and may be seen
    // again; otherwise the fleet may be further, and the next run brings the mirror there.
    std::vector<std::string> complete(const std::vector<std::string>& names, bool is_newest) {
        auto visits = visits_to(names);
        on_each(visits, [&](Visit& visit) { catch_up(visit); });
        const base::UnixSeconds settled = runtime_.now();
        on_each(visits, [&](Visit& visit) {
            if (!visit.has_it) return;
            visit.mirror->finish(identity_, settled);
            if (is_newest) visit.mirror->clear_lagging(identity_.repository);
        });
        return unreached(visits);
    }
    // Back.
    std::vector<std::string> take_back(const std::vector<std::string>& names, Undo undo) {
        auto visits = visits_to(names);
        on_each(visits, [&](Visit& visit) { visit.mirror->abort(identity_, undo); });
        return unreached(visits);
    }

private:
    static std::vector<Visit> visits_to(std::vector<std::string> names) {
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        std::vector<Visit> visits(names.size());
        for (std::size_t i = 0; i < names.size(); ++i) {
            visits[i].name = std::move(names[i]);
            visits[i].is_reached = true;
        }
        return visits;
    }

    static std::vector<std::string> unreached(const std::vector<Visit>& visits) {
        std::vector<std::string> names;
        for (const auto& visit : visits) {
            if (!visit.is_reached) names.push_back(visit.name);
        }
        return names;
    }

    // Side by side; a mirror that failed is left alone from then on.
    void on_each(std::vector<Visit>& visits, const std::function<void(Visit&)>& work) {
        std::vector<std::function<void()>> all;
        for (auto& visit : visits) {
            if (visit.is_reached && !visit.is_gone) all.emplace_back([&] { pay(visit, work); });
        }
        runtime_.run_all(all, options_.policy.parallel);
    }

    void pay(Visit& visit, const std::function<void(Visit&)>& work) {
        try {
            if (visit.lock == nullptr) open(visit);
            if (!visit.is_gone) work(visit);
        } catch (const std::exception& error) {
            visit.is_reached = false;
            visit.lock.reset();
            base::warn(fmt::format("{} of an interrupted run waits for '{}': {}", identity_.shown(),
                                   visit.name, error.what()));
        }
    }

    void open(Visit& visit) {
        visit.mirror = find(visit);
        visit.is_gone = visit.mirror == nullptr;
        if (visit.is_gone) {
            base::info(fmt::format("{} of an interrupted run: '{}' is no mirror of the fleet any more",
                                   identity_.shown(), visit.name));
            return;
        }
        visit.lock = std::make_unique<MirrorLock>(*visit.mirror, identity_.repository,
                                                  options_.policy.lock_timeout_seconds, runtime_);
    }

    Mirror* find(Visit& visit) const {
        for (Mirror* mirror : mirrors_) {
            if (mirror->name() == visit.name) return mirror;
        }
        visit.opened = options_.open_mirror(visit.name);
        return visit.opened.get();
    }

    // A mirror that has moved on, or that lost what it had prepared (emptied, restored from a backup), is
    // left to the ordinary way: it gets the newest generation with the next transaction that it takes part
    // in.
    void catch_up(Visit& visit) const {
        Mirror& mirror = *visit.mirror;
        const auto highest = mirror.state(identity_.repository).highest;
        const auto unfinished = mirror.unfinished(identity_.repository);
        const bool is_prepared = std::any_of(
            unfinished.begin(), unfinished.end(),
            [&](const UnfinishedTransaction& item) { return item.id == identity_.id() && item.is_prepared; });
        visit.has_it = highest && is_older(identity_.version, *highest);
        if (visit.has_it) return;
        if (is_prepared || (highest && *highest == identity_.version)) {
            mirror.flip(identity_, Flip::final);  // a no-op where only the note of it is missing
            mirror.probe(identity_);
            visit.has_it = true;
        } else {
            mirror.abort(identity_, Undo::everything);
        }
    }

    const std::vector<Mirror*>& mirrors_;
    const FleetOptions& options_;
    Runtime& runtime_;
    TransactionIdentity identity_;
};

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// Nothing was decided, no client saw it, and all mirrors that it was about take part again.
bool is_resumable(const CoordinatorRecord& record, const TransactionIdentity& next,
                  const std::vector<Mirror*>& mirrors) {
    const bool is_next =
        record.identity.repository == next.repository && record.identity.version == next.version;
    if (!is_next || record.decision != Decision::none || record.is_shown || !record.owed.empty())
        return false;
    return std::all_of(record.mirrors.begin(), record.mirrors.end(), [&](const std::string& name) {
        return std::any_of(mirrors.begin(), mirrors.end(),
                           [&](const Mirror* mirror) { return mirror->name() == name; });
    });
}

// A mirror with this generation is up to date with its source.
bool is_newest(const Source& source, const TransactionIdentity& identity) {
    try {
        return store::open_generation(source.tree, "", identity.repository).manifest_sha256() ==
               identity.id();
    } catch (const base::Error& error) {  // expired meanwhile, say
        base::detail(error.what());
        return false;
    }
}

}  // namespace

RecoveryReport recover_fleet(Source& source, const std::string& repository,
                             const std::vector<Mirror*>& mirrors, const FleetOptions& options, Recover what,
                             const std::optional<TransactionIdentity>& next) {
    RecoveryReport report;
    const auto records = read_coordinator_journals(source, repository);
    for (const auto& record : records) {
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
        Recovery recovery(mirrors, options, identity);
        auto unreached =
            recovery.complete(joined(record.owed, record.committed), is_newest(source, identity));
        if (!unreached.empty()) report.owed[identity.id()] = unreached;
        const Undo undo = record.is_shown ? Undo::keep_content : Undo::everything;
        unreached = joined(unreached, recovery.take_back(record.left_behind(), undo));
        for (const auto& name : unreached) {
            if (std::find(report.waiting.begin(), report.waiting.end(), name) == report.waiting.end())
                report.waiting.push_back(name);
        }
        if (!unreached.empty()) {
            if (record.is_shown) report.shown.insert(identity.id());
            continue;
        }
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
