// SPDX-License-Identifier: GPL-3.0-or-later
// Journals of transactions that are over, kept as evidence of what happened when: nothing reads them to go
// on.
#pragma once

#include <cstdint>
#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/mirror/transaction.hpp"

namespace repotool::sync {

// What a line of a journal has as `at`: milliseconds since the epoch, of this machine's clock.
std::int64_t journal_time_ms();

// Moves the journal at `path` to `directory`, as <generation>-<first 12 digits of the transaction>. The
// oldest beyond 1,000 go. A power cut may lose it.
void keep_ended_journal(fs::Filesystem& filesystem, const std::string& path, const std::string& directory,
                        const TransactionIdentity& identity);

}  // namespace repotool::sync
