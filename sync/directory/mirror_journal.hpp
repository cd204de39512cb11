// SPDX-License-Identifier: GPL-3.0-or-later
// The private side of a directory mirror: `.mirrorsync/` with the journals of unfinished transactions, the
// highest version per repository, and what a site has in private/ (docs/FORMAT.md §12).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "sync/mirror/transaction.hpp"

namespace repotool::sync::mirror_layout {

inline constexpr const char* kPrivate = ".mirrorsync";
inline constexpr const char* kSite = ".mirrorsync/.site";
inline constexpr const char* kNotReady = ".not-ready";
std::string transactions(const std::string& repository);                        // .mirrorsync/stable/txn
std::string transaction(const std::string& repository, const std::string& id);  // .mirrorsync/stable/txn/<id>
std::string ended(const std::string& repository);                               // .mirrorsync/stable/ended
std::string highest(const std::string& repository);                             // .mirrorsync/stable/highest
std::string ticket(const std::string& repository);                              // .mirrorsync/stable/ticket
std::string lagging(const std::string& repository);                             // .mirrorsync/stable/lagging

}  // namespace repotool::sync::mirror_layout

namespace repotool::sync {

// What the journal of one transaction says. States, in order: begin, content, claim, prepared, canary.
struct MirrorJournal {
    std::optional<TransactionIdentity> identity;  // empty: killed before anything was made
    std::vector<std::string> content;             // names below the root that it was about to make
    bool has_claimed = false;                     // it was about to rename its tree to gen/<repository>/<n>
    bool is_prepared = false;
    // Something may be visible, or may have been.
    bool has_names() const { return was_announced || has_claimed || is_prepared || is_canary; }

    bool was_announced = false;
    bool is_canary = false;  // it was about to flip before the commit
    // What was current before a canary's flip; empty for nothing.
    std::optional<std::uint64_t> before_canary;
};

// `directory` is that of the transaction. Throws base::Error (integrity) for a journal that we did not write.
MirrorJournal read_mirror_journal(fs::Filesystem& mirror, const std::string& directory);

// Each is durable on return.
void journal_begin(fs::Filesystem& mirror, const std::string& directory, const TransactionIdentity& identity);
void journal_content(fs::Filesystem& mirror, const std::string& directory,
                     const std::vector<std::string>& names);
void journal_claim(fs::Filesystem& mirror, const std::string& directory);
void journal_prepared(fs::Filesystem& mirror, const std::string& directory);
void journal_canary(fs::Filesystem& mirror, const std::string& directory,
                    std::optional<std::uint64_t> before);

// The transaction is over; its journal is kept with those that are. `flipped_at_ms`: 0 where another process
// flipped. Not durable.
void journal_settled(fs::Filesystem& mirror, const std::string& directory,
                     const TransactionIdentity& identity, std::int64_t flipped_at_ms);

// Empty where the mirror never served this repository.
std::optional<Version> read_highest(fs::Filesystem& mirror, const std::string& repository);
void write_highest(fs::Filesystem& mirror, const std::string& repository, const Version& version);

// Fencing: each coordinator that gets the repository's lock draws the next ticket. Whoever finds that a later
// one was drawn has lost the lock without knowing it. Durable on return.
std::uint64_t draw_ticket(fs::Filesystem& mirror, const std::string& repository);
// Throws base::Error (conflict) where this is not the last one.
void check_ticket(fs::Filesystem& mirror, const std::string& repository, std::uint64_t ticket);

}  // namespace repotool::sync
