// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/queue.hpp"

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/transaction_journal.hpp"

namespace repotool::store {
namespace {

constexpr const char* kRequest = "/request";      // waits
constexpr const char* kTaken = "/request.taken";  // a publisher is at it, or died at it
constexpr const char* kAnswer = "/answer";
constexpr const char* kFinal = "/answer.final";
constexpr std::uint64_t kBodyLimit = std::uint64_t{1} << 30U;

// False where `from` is not there (any more).
bool rename_if_there(fs::Filesystem& filesystem, const std::string& from, const std::string& to) {
    try {
        filesystem.rename(from, to, fs::Replace::yes);
        return true;
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
        return false;
    }
}

// Whoever reads the name sees all bytes or nothing.
void write_whole(fs::Filesystem& filesystem, const std::string& path, std::string_view body) {
    const std::string temporary = path + ".new";
    filesystem.remove(temporary);
    fs::write_new_file(filesystem, temporary, body, 0600, 0, fs::Durable::no);
    filesystem.rename(temporary, path, fs::Replace::yes);
}

bool has_living_owner(fs::Filesystem& filesystem, const std::string& transaction) {
    return filesystem.try_lock(transaction + "/lock", fs::LockMode::shared) == nullptr;
}

struct Waiting {
    std::int64_t since_ns;
    std::string transaction;
    bool is_taken;
};

std::optional<Waiting> waiting_in(fs::Filesystem& filesystem, const std::string& transaction) {
    if (filesystem.status(transaction + kFinal)) return std::nullopt;
    for (const bool is_taken : {false, true}) {
        if (const auto status = filesystem.status(transaction + (is_taken ? kTaken : kRequest)))
            return Waiting{status->mtime_ns, transaction, is_taken};
    }
    return std::nullopt;
}

}  // namespace

void leave_request(fs::Filesystem& filesystem, const Transaction& transaction, std::string_view body) {
    write_whole(filesystem, transaction.directory() + kRequest, body);
}

bool has_request(fs::Filesystem& filesystem, const std::string& transaction) {
    return filesystem.status(transaction + kRequest) || filesystem.status(transaction + kTaken);
}

bool withdraw_request(fs::Filesystem& filesystem, const Transaction& transaction) {
    return rename_if_there(filesystem, transaction.directory() + kRequest,
                           transaction.directory() + "/request.withdrawn");
}

void forget_request(fs::Filesystem& filesystem, const std::string& transaction) {
    for (const char* name : {kRequest, kTaken, kAnswer, kFinal}) filesystem.remove(transaction + name);
}

void retract_request(fs::Filesystem& filesystem, const Transaction& transaction) {
    for (const char* name : {kRequest, kTaken, kAnswer}) filesystem.remove(transaction.directory() + name);
}

std::optional<Answer> read_answer(fs::Filesystem& filesystem, const Transaction& transaction) {
    const bool is_final = filesystem.status(transaction.directory() + kFinal).has_value();
    const std::string path = transaction.directory() + (is_final ? kFinal : kAnswer);
    if (!is_final && !filesystem.status(path)) return std::nullopt;
    try {
        return Answer{is_final ? AnswerState::final : AnswerState::provisional,
                      fs::read_file(filesystem, path, kBodyLimit)};
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
        return read_answer(filesystem, transaction);  // it became final while we looked
    }
}

std::vector<WaitingRequest> take_requests(fs::Filesystem& filesystem, const std::string& repository,
                                          std::size_t most) {
    std::vector<Waiting> waiting;
    for (const auto& name : filesystem.list(layout::kTransactions)) {
        if (auto found = waiting_in(filesystem, fs::join_path(layout::kTransactions, name)))
            waiting.push_back(std::move(*found));
    }
    std::sort(waiting.begin(), waiting.end(), [](const Waiting& a, const Waiting& b) {
        return std::tie(a.since_ns, a.transaction) < std::tie(b.since_ns, b.transaction);
    });
    std::vector<WaitingRequest> taken;
    for (const auto& candidate : waiting) {
        if (taken.size() == most) break;
        const std::string& path = candidate.transaction;
        try {
            const auto journal = read_journal(filesystem, path);
            if (!journal || journal->repository != repository || !has_living_owner(filesystem, path))
                continue;
            if (!candidate.is_taken && !rename_if_there(filesystem, path + kRequest, path + kTaken)) continue;
            taken.push_back({path, fs::read_file(filesystem, path + kTaken, kBodyLimit)});
        } catch (const base::SystemError& error) {
            if (error.error_number() != ENOENT) throw;  // whoever asked has just gone
        }
    }
    return taken;
}

void give_answer(fs::Filesystem& filesystem, const std::string& transaction, std::string_view body) {
    try {
        write_whole(filesystem, transaction + kAnswer, body);
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
    }
}

void finish_answer(fs::Filesystem& filesystem, const std::string& transaction) noexcept {
    try {
        rename_if_there(filesystem, transaction + kAnswer, transaction + kFinal);
    } catch (const std::exception&) {
        // Whoever asked gets the lock next and checks the provisional answer against the repository.
    }
}

}  // namespace repotool::store
