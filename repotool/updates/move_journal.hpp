// SPDX-License-Identifier: GPL-3.0-or-later
// What a promote is about to move aside, in private/moves/<id> (docs/FORMAT.md §10.2): written before it
// publishes, so that the next promote finishes the moves of one that was killed after its flip. Whether it
// was flipped, the history tells: the record of the flip has the journal's id.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/site.hpp"
#include "repotool/updates/ready_files.hpp"

namespace repotool::publisher {

// Key of the journal's id in the meta of history records.
inline constexpr const char* kMoveKey = "repotool.move";

class MoveJournal {
public:
    // Durable on return. `parent`: the current generation of `repository`, 0 where it has none.
    MoveJournal(fs::Filesystem& site, const std::string& repository, std::uint64_t parent,
                const std::vector<ReadyDirectory>& directories);
    // Removes a journal of which nothing was published.
    ~MoveJournal();
    MoveJournal(const MoveJournal&) = delete;
    MoveJournal& operator=(const MoveJournal&) = delete;

    const std::string& id() const noexcept { return id_; }
    // `generation` has what the directories held: from now on moves are finished by whoever comes. Durable.
    void published(std::uint64_t generation);
    // Everything is moved.
    void finish();

private:
    fs::Filesystem& site_;
    std::string id_;
    std::string path_;
    std::unique_ptr<fs::Lock> lock_;  // null: another promote of the same files is at work and has it
    bool is_published_ = false;
};

// A promote that was killed after its flip and has all its moves now.
struct FinishedPromote {
    std::string id;  // of its journal
    std::string repository;
    std::uint64_t generation = 0;
    std::vector<std::string> roots;  // of its directories
    MoveReport moves;                // all of them, whoever did them
};

// Finishes the moves of promotes that were killed. What cannot be moved now is left for the next time, with a
// warning. Waits `lock_timeout` seconds for the lock of a repository whose last flip is not known.
std::vector<FinishedPromote> finish_pending_moves(store::Site& site, std::int64_t lock_timeout,
                                                  const std::string& job);

}  // namespace repotool::publisher
