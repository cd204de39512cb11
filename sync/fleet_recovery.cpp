// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "sync/coordinator_journal.hpp"

namespace repotool::sync {
namespace {

// Holds a mirror's lock for a while.
class MirrorLock {
public:
    MirrorLock(Mirror& mirror, std::int64_t timeout_seconds) : mirror_(mirror) {
        mirror_.lock(timeout_seconds);
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
        mirror.finish(identity);
    } else if (is_prepared || (highest && *highest == identity.version)) {
        mirror.flip(identity);  // a no-op where only the note of it is missing
        mirror.probe(identity);
        mirror.finish(identity);
    } else {
        mirror.abort(identity);
    }
}

class Recovery {
public:
    Recovery(const std::vector<Mirror*>& mirrors, const FleetOptions& options)
        : mirrors_(mirrors), options_(options) {}

    // Names of the mirrors that could not be reached.
    std::vector<std::string> on_each(const std::vector<std::string>& names,
                                     const TransactionIdentity& identity,
                                     void (*work)(Mirror&, const TransactionIdentity&)) {
        std::vector<std::string> unreached;
        for (const auto& name : names) {
            try {
                std::unique_ptr<Mirror> opened;
                Mirror& mirror = find(name, opened);
                const MirrorLock lock(mirror, options_.lock_timeout_seconds);
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
    Mirror& find(const std::string& name, std::unique_ptr<Mirror>& opened) {
        for (Mirror* mirror : mirrors_) {
            if (mirror->name() == name) return *mirror;
        }
        opened = options_.open_mirror(name);
        return *opened;
    }

    const std::vector<Mirror*>& mirrors_;
    const FleetOptions& options_;
};

void undo(Mirror& mirror, const TransactionIdentity& identity) {
    mirror.abort(identity);
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

RecoveryReport recover_fleet(Source& source, const std::string& repository,
                             const std::vector<Mirror*>& mirrors, const FleetOptions& options) {
    RecoveryReport report;
    Recovery recovery(mirrors, options);
    for (const auto& record : read_coordinator_journals(source, repository)) {
        const TransactionIdentity& identity = record.identity;
        if (identity.id().empty()) {  // killed before its first line: no mirror knows of it
            remove_coordinator_journal(source, record);
            continue;
        }
        const bool is_committed = record.decision == Decision::commit;
        const auto committed = is_committed ? joined(record.owed, record.mirrors) : record.owed;
        auto unreached = recovery.on_each(committed, identity, &complete);
        if (!unreached.empty()) report.owed[identity.id()] = unreached;
        if (!is_committed) unreached = joined(unreached, recovery.on_each(record.mirrors, identity, &undo));
        if (!unreached.empty()) continue;
        remove_coordinator_journal(source, record);
        (is_committed ? report.finished : report.undone) += 1;
        base::info(fmt::format("{} {}, which an earlier run left unfinished",
                               is_committed ? "finished" : "took back", identity.shown()));
    }
    return report;
}

}  // namespace repotool::sync
