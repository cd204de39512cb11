// SPDX-License-Identifier: GPL-3.0-or-later
// A run that died goes on when the same command is started again (docs/FORMAT.md §10.3): its transaction gets
// a new owner, who finds there what was finished. Whoever comes by in the meantime takes back what it had
// made visible (recovery.hpp), and leaves the rest for a day.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/store/transaction.hpp"

namespace repotool::store {

struct RunRequest {
    std::string repository;
    std::string run;                  // 16 hexadecimal digits: the digest of what makes it the same command
    std::int64_t lock_timeout = 600;  // seconds
    std::string job;
};

// One of these, or neither.
struct Resumed {
    std::unique_ptr<Transaction> transaction;  // that of the dead run; nothing of it is below public/
    std::optional<std::string> flipped;        // it had flipped, and is over: what note_staged() was told
};

// Takes the repository's lock for a moment where the dead run left something visible.
Resumed resume(Site& site, const RunRequest& request);

}  // namespace repotool::store
