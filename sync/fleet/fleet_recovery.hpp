// SPDX-License-Identifier: GPL-3.0-or-later
// What a dead coordinator left (I6): runs at the start of every fleet transaction, needs no human and no
// flag, may be killed itself. The coordinator's journal says what was decided, the mirrors say how far they
// are; nothing is guessed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/fleet/coordinator.hpp"

namespace repotool::sync {

// undecided: committed transactions are counted and left alone.
enum class Recover { all, undecided };

struct RecoveryReport {
    std::size_t finished = 0;          // committed transactions that all their mirrors have now
    std::size_t undone = 0;            // transactions that were never committed and left nothing behind now
    std::size_t committed = 0;         // that were left alone
    std::vector<std::string> waiting;  // mirrors that could not be reached, each once
    // Committed transactions (by id) with mirrors that could not be reached; they stay in the journal.
    std::map<std::string, std::vector<std::string>> owed;
    std::set<std::string> shown;  // transactions (by id) that clients may have seen and that are not settled

    std::vector<std::string> owed_of(const TransactionIdentity& identity) const {
        const auto found = owed.find(identity.id());
        return found == owed.end() ? std::vector<std::string>() : found->second;
    }
};

// Under the source's lock. Takes each mirror's lock in turn. A mirror that cannot be reached is warned of,
// and holds up nobody. `next`: the transaction that follows at once: where a dead run of it had decided
// nothing and shown nothing, it is left alone, and what it brought is taken over.
RecoveryReport recover_fleet(Source& source, const std::string& repository,
                             const std::vector<Mirror*>& mirrors, const FleetOptions& options,
                             Recover what = Recover::all,
                             const std::optional<TransactionIdentity>& next = std::nullopt);

// The same for somebody who wants nothing else: takes the source's lock. Throws base::Error as run_fleet().
RecoveryReport resume_fleet(Source& source, const std::string& repository,
                            const std::vector<FleetMember>& members, const FleetOptions& options,
                            Recover what);

}  // namespace repotool::sync
