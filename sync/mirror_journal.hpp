// SPDX-License-Identifier: GPL-3.0-or-later
// The private side of a directory mirror: `.mirrorsync/` with its lock, the journals of unfinished
// transactions and the highest version per repository (docs/FORMAT.md §12).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "sync/transaction.hpp"

namespace repotool::sync::mirror_layout {

inline constexpr const char* kPrivate = ".mirrorsync";
inline constexpr const char* kLock = ".mirrorsync/lock";
std::string transactions(const std::string& repository);                        // .mirrorsync/stable/txn
std::string transaction(const std::string& repository, const std::string& id);  // .mirrorsync/stable/txn/<id>
std::string highest(const std::string& repository);                             // .mirrorsync/stable/highest

}  // namespace repotool::sync::mirror_layout

namespace repotool::sync {

// What the journal of one transaction says. States, in order: begin, content, claim, prepared.
struct MirrorJournal {
    std::optional<TransactionIdentity> identity;  // empty: killed before anything was made
    std::vector<std::string> content;             // names below the root that it was about to make
    bool has_claimed = false;                     // it was about to rename its tree to gen/<repository>/<n>
    bool is_prepared = false;
};

// `directory` is that of the transaction. Throws base::Error (integrity) for a journal that we did not write.
MirrorJournal read_mirror_journal(fs::Filesystem& mirror, const std::string& directory);

// Each is durable on return.
void journal_begin(fs::Filesystem& mirror, const std::string& directory, const TransactionIdentity& identity);
void journal_content(fs::Filesystem& mirror, const std::string& directory,
                     const std::vector<std::string>& names);
void journal_claim(fs::Filesystem& mirror, const std::string& directory);
void journal_prepared(fs::Filesystem& mirror, const std::string& directory);

// Empty where the mirror never served this repository.
std::optional<Version> read_highest(fs::Filesystem& mirror, const std::string& repository);
void write_highest(fs::Filesystem& mirror, const std::string& repository, const Version& version);

}  // namespace repotool::sync
