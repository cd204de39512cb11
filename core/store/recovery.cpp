// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/recovery.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"
#include "core/store/names.hpp"
#include "core/store/queue.hpp"
#include "core/store/roster.hpp"
#include "core/store/steps.hpp"
#include "core/store/transaction_journal.hpp"

namespace repotool::store {
namespace {

// Removes a directory if it is empty; whether it is may change while we look.
void remove_if_empty(fs::Filesystem& filesystem, const std::string& path) {
    try {
        filesystem.remove(path);
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOTEMPTY && error.error_number() != EEXIST) throw;
    }
}

// A staged file goes back to where it was staged, if that is known.
void put_back(fs::Filesystem& filesystem, const std::string& name, const StagedPlaces& places) {
    const auto place = places.find(name);
    if (place == places.end() || filesystem.status(place->second) || !filesystem.status("public/" + name))
        return;
    filesystem.rename("public/" + name, place->second, fs::Replace::no);
}

// The names go, and the directories that become empty with them, below what belongs to this repository alone.
// Durable on return: a name that came back after a power cut would refuse other content later.
void remove_content(fs::Filesystem& filesystem, const std::string& repository,
                    const std::vector<std::string>& names, const StagedPlaces& places) {
    const std::string pool = layout::pool(repository);
    const std::string meta = layout::meta(repository);
    std::set<std::string> changed;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        const bool ours =
            is_safe_path(*name) && (name->starts_with(pool + "/") || name->starts_with(meta + "/"));
        if (!ours) continue;
        put_back(filesystem, *name, places);
        filesystem.remove("public/" + *name);
        changed.insert(fs::parent_path(*name));
    }
    for (auto directory : changed) {
        for (; directory != pool && directory != meta; directory = fs::parent_path(directory)) {
            if (!filesystem.list("public/" + directory).empty()) break;
            remove_if_empty(filesystem, "public/" + directory);
        }
        if (filesystem.status("public/" + directory)) filesystem.sync_directory("public/" + directory);
    }
}

// Takes the claimed generation away again, to `grave`, if it is the one that this transaction made.
void withdraw_claim(fs::Filesystem& filesystem, const std::string& grave, const std::string& repository,
                    const TransactionJournal::Claim& claim) {
    const std::string generation = "public/" + layout::generation(repository, claim.generation);
    const std::string manifest = generation + "/MANIFEST";
    if (!filesystem.status(manifest)) return;
    if (base::sha256_hex(fs::read_file(filesystem, manifest)) != claim.manifest_sha256) return;
    // One rename makes it invisible; removing a tree takes time.
    fs::remove_tree(filesystem, grave);
    filesystem.rename(generation, grave, fs::Replace::no);
    filesystem.sync_directory(fs::parent_path(generation));
}

void record_flip(fs::Filesystem& filesystem, const std::string& repository,
                 const TransactionJournal::Claim& claim) {
    History history(filesystem, repository);
    history.renew();  // the record may be there because its sync failed
    const auto last = history.last();
    if (last && last->generation >= claim.generation) return;
    HistoryRecord record = parse_history_record(claim.history_record);
    record.recovered = true;
    history.append(std::move(record));
}

}  // namespace

Outcome finish_or_undo(Site& site, const std::string& transaction_path, const std::string& repository,
                       DeadRuns runs) {
    fs::Filesystem& filesystem = site.filesystem();
    Outcome outcome = Outcome::removed;
    const auto journal = read_journal(filesystem, transaction_path);
    if (journal && (journal->has_content || journal->claim)) {
        const auto current = make_symlink_head(filesystem, "public", repository)->current();
        if (journal->claim && current && *current >= journal->claim->generation) {
            filesystem.sync_all();  // the flip may not be durable yet, nor the directories above it
            record_flip(filesystem, repository, *journal->claim);
            outcome = Outcome::completed;
        } else {
            const bool stays = runs == DeadRuns::keep;
            if (journal->claim)
                withdraw_claim(filesystem, transaction_path + (stays ? "/tree" : "/withdrawn"), repository,
                               *journal->claim);
            remove_content(filesystem, repository, journal->content,
                           stays ? staged_places(filesystem, transaction_path) : StagedPlaces());
            // A directory that stays was perhaps never synced, and the next publisher relies on what it
            // finds.
            filesystem.sync_all();
            outcome = Outcome::rolled_back;
        }
    }
    if (runs == DeadRuns::keep && journal && outcome != Outcome::completed) {
        // Taken back once: the next publisher may make the same names. And a torn line would spoil the next.
        fs::replace_file(filesystem, transaction_path + "/journal",
                         checked_line(journal_begin(journal->repository, journal->operation)), 0600);
        forget_request(filesystem, transaction_path);
        return Outcome::kept;
    }
    remove_transaction(site, transaction_path, Pins::hand_over);
    // A journal that came back after a power cut would take away the names that the next publisher makes.
    if (outcome == Outcome::rolled_back) filesystem.sync_directory(layout::kTransactions);
    return outcome;
}

void remove_transaction(Site& site, const std::string& transaction_path, Pins pins) {
    fs::Filesystem& filesystem = site.filesystem();
    if (pins == Pins::hand_over && filesystem.status(transaction_path + "/pins")) {
        const std::string orphans = fs::join_path(layout::kOrphans, fs::base_name(transaction_path));
        filesystem.rename(transaction_path + "/pins", orphans, fs::Replace::yes);
        filesystem.sync_directory(layout::kOrphans);
    }
    for (const auto& name : filesystem.list(transaction_path)) {
        if (name != "lock") fs::remove_tree(filesystem, transaction_path + "/" + name);
    }
    // The lock goes with its directory, in one moment: nobody may take the rest for a dead transaction in
    // between.
    const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
    fs::remove_tree(filesystem, transaction_path);
}

namespace {

// The highest number that was ever current. The history knows more than the head of a repository that
// expired.
std::uint64_t last_generation(fs::Filesystem& filesystem, const std::string& repository) {
    const auto current = make_symlink_head(filesystem, "public", repository)->current();
    const auto last = History(filesystem, repository).last();
    return std::max(current.value_or(0), last ? last->generation : 0);
}

// The number after that may have been claimed by somebody who died before the flip and whose journal is
// lost. We hold the lock, so nobody living claims it.
void remove_unclaimed_generation(fs::Filesystem& filesystem, const std::string& repository) {
    fs::remove_tree(filesystem,
                    "public/" + layout::generation(repository, last_generation(filesystem, repository) + 1));
}

// Ends one dead transaction, if it is ours to end. Returns the repository whose lock that needs, where it is
// another one.
std::string recover_one(Site& site, const std::string& path, const std::string& repository, DeadRuns runs,
                        RecoveryReport& report) {
    fs::Filesystem& filesystem = site.filesystem();
    std::unique_ptr<fs::Lock> lock;
    {
        const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
        if (filesystem.status(path)) lock = filesystem.try_lock(path + "/lock", fs::LockMode::exclusive);
    }
    if (!lock) return {};  // its owner lives, or is just leaving
    const auto journal = read_journal(filesystem, path);
    // Whoever holds the repository's lock may be publishing the files of a request whose owner has just died.
    const bool needs_lock =
        journal && (journal->has_content || journal->claim || has_request(filesystem, path));
    if (needs_lock && journal->repository != repository) return journal->repository;
    const bool stays = runs == DeadRuns::keep && is_resumable(filesystem, path, site.clock().real_now());
    const Outcome outcome =
        stays && !needs_lock ? Outcome::kept
                             : finish_or_undo(site, path, repository, stays ? DeadRuns::keep : DeadRuns::end);
    report.kept += outcome == Outcome::kept ? 1 : 0;
    report.removed += outcome == Outcome::removed ? 1 : 0;
    report.rolled_back += outcome == Outcome::rolled_back ? 1 : 0;
    report.completed += outcome == Outcome::completed ? 1 : 0;
    return {};
}

// Returns the repositories whose locks the rest needs.
std::set<std::string> recover_transactions(Site& site, const std::string& repository, DeadRuns runs,
                                           RecoveryReport& report) {
    std::set<std::string> others;
    for (const auto& name : site.filesystem().list(layout::kTransactions)) {
        const std::string path = std::string(layout::kTransactions) + "/" + name;
        try {
            others.insert(recover_one(site, path, repository, runs, report));
        } catch (const base::SystemError& error) {
            if (error.error_number() != ENOENT) throw;  // gone while we looked: its owner finished
        } catch (const base::Error& error) {
            // A journal that cannot be read names no repository: it must not stop the others for ever.
            base::warn(error.what());
        }
    }
    others.erase("");
    return others;
}

}  // namespace

std::uint64_t next_generation_number(fs::Filesystem& filesystem, const std::string& repository) {
    std::uint64_t last = last_generation(filesystem, repository);
    if (last == 0) {  // a history that was lost must not bring numbers back that something still has
        const auto numbers = list_generations(filesystem, "public", repository);
        if (!numbers.empty()) last = numbers.back();
    }
    return last + 1;
}

TransactionCount count_transactions(Site& site) {
    fs::Filesystem& filesystem = site.filesystem();
    TransactionCount count;
    for (const auto& name : filesystem.list(layout::kTransactions)) {
        const std::string path = fs::join_path(layout::kTransactions, name);
        const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
        if (!filesystem.status(path)) continue;
        const auto lock = filesystem.try_lock(path + "/lock", fs::LockMode::shared);
        const bool stays =
            lock && is_settled(filesystem, path) && is_resumable(filesystem, path, site.clock().real_now());
        ++(!lock ? count.living : stays ? count.resumable : count.dead);
    }
    return count;
}

std::set<std::string> recover_without_lock(Site& site, RecoveryReport& report, DeadRuns runs) {
    return recover_transactions(site, "", runs, report);
}

RecoveryReport recover_everywhere(Site& site, DeadRuns runs, std::int64_t lock_timeout,
                                  const std::string& job) {
    RecoveryReport report;
    for (const auto& repository : recover_without_lock(site, report, runs)) {
        const auto lock = site.lock_repository(repository, lock_timeout, job);
        const RecoveryReport found = recover(site, repository, runs);
        report.removed += found.removed;
        report.rolled_back += found.rolled_back;
        report.completed += found.completed;
    }
    return report;
}

RecoveryReport recover(Site& site, const std::string& repository, DeadRuns runs) {
    fs::Filesystem& filesystem = site.filesystem();
    RecoveryReport report;
    recover_transactions(site, repository, runs, report);
    remove_unclaimed_generation(filesystem, repository);
    // A temporary link of a flip that died before its rename.
    const std::string head = "public/" + layout::head(repository);
    filesystem.remove(fs::join_path(fs::parent_path(head), "." + fs::base_name(head) + ".new"));
    History(filesystem, repository).repair();
    return report;
}

}  // namespace repotool::store
