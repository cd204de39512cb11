// SPDX-License-Identifier: GPL-3.0-or-later
// Group commit (docs/FORMAT.md §10.1): a publisher that finds its repository locked leaves its request in its
// own transaction; whoever holds the lock takes all requests into one generation and answers each of them.
//
// Requests and answers need no durability: they concern living processes alone. What an answer says is true
// when it is final, or when the generation that it names is current or was: the symlink is the truth, not the
// answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/transaction.hpp"

namespace repotool::store {

// ---- the waiting side

void leave_request(fs::Filesystem& filesystem, const Transaction& transaction, std::string_view body);
// False where a publisher has taken the request in already: then there will be an answer, or the lock.
bool withdraw_request(fs::Filesystem& filesystem, const Transaction& transaction);

// Under the repository's lock: nobody carries out any more what a dead transaction asked for.
void forget_request(fs::Filesystem& filesystem, const std::string& transaction);

// With the lock in hand: the request is the caller's own business again.
void retract_request(fs::Filesystem& filesystem, const Transaction& transaction);

enum class AnswerState { final, provisional };
struct Answer {
    AnswerState state = AnswerState::provisional;
    std::string body;
};
// Empty while nobody has answered.
std::optional<Answer> read_answer(fs::Filesystem& filesystem, const Transaction& transaction);

// True where a request of this transaction waits, or is being carried out.
bool has_request(fs::Filesystem& filesystem, const std::string& transaction);

// ---- the side that holds the repository's lock

struct WaitingRequest {
    std::string transaction;  // private/txn/<id> of a living publisher
    std::string body;
};
// Takes in what waits for `repository`, oldest first, at most `most`; also what a publisher that died had
// taken in.
std::vector<WaitingRequest> take_requests(fs::Filesystem& filesystem, const std::string& repository,
                                          std::size_t most);
// Before the flip, so that the answer outlives whoever gives it.
void give_answer(fs::Filesystem& filesystem, const std::string& transaction, std::string_view body);
// After the commit. Never throws: the one who asked may be gone, and finds out by itself otherwise.
void finish_answer(fs::Filesystem& filesystem, const std::string& transaction) noexcept;

}  // namespace repotool::store
