// SPDX-License-Identifier: GPL-3.0-or-later
// What the coordinator decided, on disk before anybody acts on it (docs/FORMAT.md §12): checked lines in
// <state>/<repository>/<transaction>/journal. No `commit` in it means that nothing was committed.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sync/mirror/transaction.hpp"
#include "sync/source/source.hpp"

namespace repotool::sync {

class CoordinatorJournal {
public:
    // Writes `begin`, durable on return. `owed`: mirrors of an earlier run of the same transaction that was
    // committed and that they have not flipped to yet; they stay owed, whatever becomes of this run.
    CoordinatorJournal(Source& source, const TransactionIdentity& identity,
                       const std::vector<std::string>& mirrors, const std::vector<std::string>& owed);

    // Durable on return: from here on a canary may show the generation to clients.
    void canary(const std::string& mirror);
    // Durable on return: that is the moment of the decision. When it throws, nobody knows whether it would be
    // there after a power cut: abort() must return before anything is undone.
    void commit();
    void abort();
    // For people and for `status`; recovery asks the mirrors. Never throw: what they say is true without
    // them, too.
    void note_prepared(const std::vector<std::string>& mirrors) noexcept;
    void note_flipped(const std::vector<std::string>& mirrors) noexcept;
    // Nothing is left to do, but for what is owed: without that, the journal is kept with those that are
    // over. Never throws: the next run finds nothing to do in it and tries again.
    void close() noexcept;

private:
    void replace(const nlohmann::json& decision);
    void note(const char* state, const std::vector<std::string>& mirrors) noexcept;

    Source& source_;
    TransactionIdentity identity_;
    std::string directory_;
    std::vector<std::string> owed_;
    std::vector<std::string> lines_;
    bool is_whole_ = true;  // false after a note that may be torn: no more are appended to it
};

enum class Decision { none, commit, abort };

// What a dead coordinator left.
struct CoordinatorRecord {
    TransactionIdentity identity;
    std::vector<std::string> mirrors;
    std::vector<std::string> owed;
    Decision decision = Decision::none;
    bool has_canary = false;  // one may have shown the generation to clients
    std::string directory;    // of its journal, in the state filesystem
};

// Oldest generation first. Throws base::Error (integrity) for a journal that we did not write.
std::vector<CoordinatorRecord> read_coordinator_journals(Source& source, const std::string& repository);
// Like CoordinatorJournal::close(), for what a dead coordinator left.
void end_coordinator_journal(Source& source, const CoordinatorRecord& record);

// One coordinator at a time per source and repository. Throws base::Error (conflict) after the timeout.
std::unique_ptr<fs::Lock> lock_source(Source& source, const std::string& repository,
                                      std::int64_t timeout_seconds);

}  // namespace repotool::sync
