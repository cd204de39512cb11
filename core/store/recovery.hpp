// SPDX-License-Identifier: GPL-3.0-or-later
// What a dead publisher left behind (I6): runs at the start of every writing command, needs no human and no
// flag, is idempotent and may be killed itself. The symlink is the truth: what it names was published,
// everything else was not.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "core/store/site.hpp"

namespace repotool::store {

// What becomes of a dead run that finished steps and may be resumed (resume.hpp): within a day of its
// beginning what it made visible is taken back, and the rest stays for the same command. Or it ends like all
// others.
enum class DeadRuns { keep, end };

struct RecoveryReport {
    int removed = 0;      // transactions that had not begun to change anything
    int rolled_back = 0;  // … that had, but were not flipped
    int completed = 0;    // … that were flipped; their history record was missing or not
    int kept = 0;         // that may be resumed
};

// Looks after all dead transactions that need no lock, and those of `repository`, whose lock the caller
// holds.
RecoveryReport recover(Site& site, const std::string& repository, DeadRuns runs = DeadRuns::keep);
// Looks after those that need no lock. Returns the repositories of the other dead ones.
std::set<std::string> recover_without_lock(Site& site, RecoveryReport& report,
                                           DeadRuns runs = DeadRuns::keep);

// Looks after all of them, with the locks that they need, each waited for so many seconds.
RecoveryReport recover_everywhere(Site& site, DeadRuns runs, std::int64_t lock_timeout,
                                  const std::string& job);

struct TransactionCount {
    std::uint64_t living = 0;
    std::uint64_t dead = 0;
    std::uint64_t resumable = 0;  // dead, too, but recover() leaves them
};
// What is going on, and what recover() would end.
TransactionCount count_transactions(Site& site);

// The number of the next generation: after the highest that was ever current, also of a repository that
// expired. Under the repository's lock, after recover().
std::uint64_t next_generation_number(fs::Filesystem& filesystem, const std::string& repository);

enum class Outcome { removed, rolled_back, completed, kept };
// Ends one transaction whose owner is dead (or is the caller). With content or claim in its journal, or a
// request, the caller holds the lock of its repository. DeadRuns::keep: one that was not flipped stays, with
// all that it had staged.
Outcome finish_or_undo(Site& site, const std::string& transaction_path, const std::string& repository,
                       DeadRuns runs = DeadRuns::end);

// Removes a transaction's directory; its lock last, so that nobody takes the rest for a dead one.
// hand_over: it kept, or may have kept, objects that it did not publish; gc looks at them (private/orphans).
enum class Pins { drop, hand_over };
void remove_transaction(Site& site, const std::string& transaction_path, Pins pins);

}  // namespace repotool::store
