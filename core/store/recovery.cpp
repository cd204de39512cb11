// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/recovery.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/transaction_journal.hpp"

namespace repotool::store {
namespace {

// The names go, and the directories that become empty with them, up to (not including) public/pool and its
// like.
void remove_content(fs::Filesystem& filesystem, const std::vector<std::string>& names) {
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        if (!is_safe_path(*name)) continue;
        filesystem.remove("public/" + *name);
        for (std::string directory = fs::parent_path(*name); directory.find('/') != std::string::npos;
             directory = fs::parent_path(directory)) {
            if (!filesystem.list("public/" + directory).empty()) break;
            filesystem.remove("public/" + directory);
        }
    }
}

// Takes the claimed generation away again, if it is the one that this transaction made.
void withdraw_claim(fs::Filesystem& filesystem, const std::string& transaction_path,
                    const std::string& repository, const TransactionJournal::Claim& claim) {
    const std::string generation = "public/" + layout::generation(repository, claim.generation);
    const std::string manifest = generation + "/MANIFEST";
    if (!filesystem.status(manifest)) return;
    if (base::sha256_hex(fs::read_file(filesystem, manifest)) != claim.manifest_sha256) return;
    // One rename makes it invisible; removing a tree takes time.
    const std::string grave = transaction_path + "/withdrawn";
    fs::remove_tree(filesystem, grave);
    filesystem.rename(generation, grave, fs::Replace::no);
    filesystem.sync_directory(fs::parent_path(generation));
}

void record_flip(fs::Filesystem& filesystem, const std::string& repository,
                 const TransactionJournal::Claim& claim) {
    History history(filesystem, repository);
    history.repair();
    const auto last = history.last();
    if (last && last->generation >= claim.generation) return;
    HistoryRecord record = parse_history_record(claim.history_record);
    record.recovered = true;
    history.append(std::move(record));
}

}  // namespace

Outcome finish_or_undo(Site& site, const std::string& transaction_path, const std::string& repository) {
    fs::Filesystem& filesystem = site.filesystem();
    Outcome outcome = Outcome::removed;
    if (const auto journal = read_journal(filesystem, transaction_path);
        journal && (journal->has_content || journal->claim)) {
        const auto current = make_symlink_head(filesystem, "public", repository)->current();
        if (journal->claim && current && *current >= journal->claim->generation) {
            filesystem.sync_directory(
                fs::parent_path("public/" + layout::head(repository)));  // the flip may not be durable yet
            record_flip(filesystem, repository, *journal->claim);
            outcome = Outcome::completed;
        } else {
            if (journal->claim) withdraw_claim(filesystem, transaction_path, repository, *journal->claim);
            remove_content(filesystem, journal->content);
            outcome = Outcome::rolled_back;
        }
    }
    fs::remove_tree(filesystem, transaction_path);
    return outcome;
}

RecoveryReport recover(Site& site, const std::string& repository) {
    fs::Filesystem& filesystem = site.filesystem();
    RecoveryReport report;
    for (const auto& name : filesystem.list(layout::kTransactions)) {
        const std::string path = std::string(layout::kTransactions) + "/" + name;
        try {
            std::unique_ptr<fs::Lock> lock;
            {
                const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
                if (filesystem.status(path))
                    lock = filesystem.try_lock(path + "/lock", fs::LockMode::exclusive);
            }
            if (!lock) continue;  // its owner lives, or is just leaving
            const auto journal = read_journal(filesystem, path);
            const bool touches_names = journal && (journal->has_content || journal->claim);
            if (touches_names && journal->repository != repository)
                continue;  // needs the lock of that repository
            const Outcome outcome = finish_or_undo(site, path, repository);
            report.removed += outcome == Outcome::removed ? 1 : 0;
            report.rolled_back += outcome == Outcome::rolled_back ? 1 : 0;
            report.completed += outcome == Outcome::completed ? 1 : 0;
        } catch (const base::SystemError& error) {
            if (error.error_number() != ENOENT) throw;  // gone while we looked: its owner finished
        }
    }
    // A temporary link of a flip that died before its rename.
    const std::string head = "public/" + layout::head(repository);
    filesystem.remove(fs::join_path(fs::parent_path(head), "." + fs::base_name(head) + ".new"));
    History(filesystem, repository).repair();
    return report;
}

}  // namespace repotool::store
