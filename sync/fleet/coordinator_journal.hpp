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
    struct Beginning {
        std::vector<std::string> mirrors;
        // Of an earlier run of the same transaction that was committed and that they have not flipped to yet;
        // they stay owed, whatever becomes of this run.
        std::vector<std::string> owed{};
        bool is_shown = false;  // to clients of some mirror
    };
    // Writes `begin`, durable on return.
    CoordinatorJournal(Source& source, const TransactionIdentity& identity, const Beginning& beginning);

    // Durable on return: from here on a canary may show the generation to clients.
    void canary(const std::string& mirror);
    // `mirrors` will flip; those that are left behind will not, whatever they have. Durable on return: that
    // is the moment of the decision. When it throws, nobody knows whether it would be there after a power
    // cut: abort() must return before anything is undone.
    void commit(const std::vector<std::string>& mirrors);
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
    std::vector<std::string> committed;  // those of the mirrors that flip, where it was
    bool is_shown = false;               // clients of some mirror may have seen the generation
    std::string directory;               // of its journal, in the state filesystem

    // The mirrors that do not flip.
    std::vector<std::string> left_behind() const;
};

// Oldest generation first. Throws base::Error (integrity) for a journal that we did not write.
std::vector<CoordinatorRecord> read_coordinator_journals(Source& source, const std::string& repository);
// Like CoordinatorJournal::close(), for what a dead coordinator left.
void end_coordinator_journal(Source& source, const CoordinatorRecord& record);

// One coordinator at a time per source and repository. Throws base::Error (conflict) after the timeout.
std::unique_ptr<fs::Lock> lock_source(Source& source, const std::string& repository,
                                      std::int64_t timeout_seconds);

}  // namespace repotool::sync
