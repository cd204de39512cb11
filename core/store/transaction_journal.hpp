// SPDX-License-Identifier: GPL-3.0-or-later
// What a transaction's journal says; shared by the transaction that writes it and the recovery that reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

struct TransactionJournal {
    std::string repository;
    std::string operation;
    std::vector<std::string> content;  // names below public/ that it was about to make
    bool has_content = false;
    bool is_torn = false;  // its last line is not whole: nothing may be appended
    struct Claim {
        std::uint64_t generation = 0;
        std::uint64_t parent = 0;
        std::string manifest_sha256;
        std::string history_record;  // JSON
    };
    std::optional<Claim> claim;
};

std::string journal_begin(const std::string& repository, const std::string& operation);
std::string journal_content(const std::vector<std::string>& names);
std::string journal_claim(const TransactionJournal::Claim& claim);
std::string journal_state(const char* state);  // flipped, recorded

// Empty where there is no journal, or none that got as far as its first line.
std::optional<TransactionJournal> read_journal(fs::Filesystem& filesystem,
                                               const std::string& transaction_path);

}  // namespace repotool::store
