// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror_host.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"

namespace repotool::simulation {

using base::Error;
using base::ErrorKind;
using sync::TransactionIdentity;

MirrorHost::MirrorHost(std::size_t number, Ledger& ledger)
    : number_(number), name_(fmt::format("mirror{}", number)), ledger_(ledger) {}

void MirrorHost::check_fence(const Caller& caller) const {
    if (caller.ticket == lock.ticket && caller.ticket != 0) return;
    throw Error(ErrorKind::conflict, "go on with", name_, "another mirrorsync has taken over");
}

sync::MirrorState MirrorHost::state() const {
    sync::MirrorState state{current_, highest_};
    if (!state.current || (state.highest && !sync::is_older(*state.highest, *state.current))) return state;
    state.highest = state.current;
    for (const auto& one : transactions_)
        state.is_trial = state.is_trial || (one.is_canary && one.identity.version == *state.current);
    return state;
}

std::vector<sync::UnfinishedTransaction> MirrorHost::unfinished() const {
    std::vector<sync::UnfinishedTransaction> found;
    for (const auto& one : transactions_) found.push_back({one.identity.id(), one.is_prepared});
    return found;
}

void MirrorHost::refuse_rollback(const TransactionIdentity& identity) const {
    sync::refuse_rollback(name_, state().highest, identity);
}

bool MirrorHost::has_all_of(Generation generation) const {
    return generations_.contains(generation) && pieces_.contains_all(oldest_piece(generation), generation);
}

// ---- the way to PREPARED
// -----------------------------------------------------------------------------------------

void MirrorHost::stage(const Caller& caller, const TransactionIdentity& identity) {
    check_fence(caller);
    const auto dead = transactions_;
    for (const auto& one : dead) {
        if (!shows_canary(one)) take_back(caller, one, sync::Undo::keep_content);
    }
    refuse_rollback(identity);
    if (find(identity) == nullptr) transactions_.push_back({identity, {}});
}

void MirrorHost::prepare(const Caller& caller, const TransactionIdentity& identity,
                         const Accident& accident) {
    check_fence(caller);
    Transaction* transaction = find(identity);
    if (transaction == nullptr) throw Error(ErrorKind::conflict, "prepare", name_, "nothing of it is staged");
    const Generation generation = transaction->generation();
    std::size_t placed = 0;
    bool loses = accident.loses_a_piece;
    for (Generation piece = oldest_piece(generation); piece <= generation; ++piece) {
        if (pieces_.contains(piece)) continue;
        if (accident.most && placed++ == *accident.most) return;
        transaction->brought.push_back(piece);
        if (std::exchange(loses, false)) continue;
        pieces_.insert(piece);
        ledger_.placed(actor(caller), piece);
    }
    transaction->has_claimed = transaction->has_claimed || !generations_.contains(generation);
    generations_.insert(generation);
    oldest_ = std::min(oldest_, generation);
    transaction->is_prepared = true;
}

MirrorHost::Transaction* MirrorHost::find(const TransactionIdentity& identity) {
    for (auto& one : transactions_) {
        if (one.identity.id() == identity.id()) return &one;
    }
    return nullptr;
}

// ---- after COMMIT, or on the canary before it
// --------------------------------------------------------------------

void MirrorHost::flip(const Caller& caller, const TransactionIdentity& identity, sync::Flip kind) {
    check_fence(caller);
    refuse_rollback(identity);
    const bool is_final = kind == sync::Flip::final;
    if (current_ != identity.version) {
        Transaction* transaction = find(identity);
        if (transaction == nullptr || !transaction->is_prepared)
            throw Error(ErrorKind::conflict, "flip", name_, "the mirror is not prepared for it");
        if (!is_final && !transaction->is_canary) {
            transaction->is_canary = true;
            transaction->before = current_;
        }
        show(caller, identity.version, is_final ? Ledger::Flip::final : Ledger::Flip::canary);
    } else if (is_final && highest_ != identity.version) {  // what a canary shows is there to stay
        show(caller, identity.version, Ledger::Flip::final);
    }
    if (is_final) highest_ = identity.version;
}

void MirrorHost::show(const Caller& caller, const std::optional<sync::Version>& version, Ledger::Flip kind) {
    current_ = version;
    ledger_.flipped(actor(caller), current(), kind);
}

void MirrorHost::finish(const Caller& caller, const TransactionIdentity& identity,
                        base::UnixSeconds settled) {
    check_fence(caller);
    record(identity.version, settled);
    std::erase_if(transactions_, [&](const Transaction& one) {
        return !sync::is_older(identity.version, one.identity.version);
    });
}

// From this record on counts the grace of what was current before.
void MirrorHost::record(const sync::Version& version, base::UnixSeconds settled) {
    if (!history_.empty() && history_.back().generation >= version.generation) return;
    history_.push_back({version.generation, settled});
}

void MirrorHost::forget(const TransactionIdentity& identity) {
    std::erase_if(transactions_, [&](const Transaction& one) { return one.identity.id() == identity.id(); });
}

void MirrorHost::abort(const Caller& caller, const TransactionIdentity& identity, sync::Undo undo) {
    check_fence(caller);
    if (const Transaction* transaction = find(identity)) take_back(caller, *transaction, undo);
}

bool MirrorHost::shows_canary(const Transaction& transaction) const {
    const auto& version = transaction.identity.version;
    return transaction.is_canary && current_ == version && (!highest_ || sync::is_older(*highest_, version));
}

void MirrorHost::take_back(const Caller& caller, Transaction transaction, sync::Undo undo) {
    const auto& version = transaction.identity.version;
    const bool was_committed = highest_ && !sync::is_older(*highest_, version);
    if (shows_canary(transaction)) {
        show(caller, transaction.before, Ledger::Flip::back);
        undo = sync::Undo::keep_content;
    }
    if (was_committed) {
        record(version, unix_time(caller.time));
    } else if (undo == sync::Undo::everything || !transaction.is_prepared) {
        withdraw(caller, transaction);
    }
    forget(transaction.identity);
}

void MirrorHost::withdraw(const Caller& caller, const Transaction& transaction) {
    if (transaction.has_claimed) generations_.erase(transaction.generation());
    for (const Generation piece : transaction.brought) {
        pieces_.erase(piece);
        ledger_.removed(actor(caller), piece);
    }
}

// ---- upkeep
// ------------------------------------------------------------------------------------------------------

void MirrorHost::mark(const Caller& caller, bool is_lagging) {
    if (caller.ticket != 0 || !is_lagging) check_fence(caller);
    is_marked_ = is_lagging;
    ledger_.kept_from_clients(actor(caller), is_lagging);
}

void MirrorHost::retire(const Caller& caller, const store::RetentionRules& rules) {
    const base::UnixSeconds now = unix_time(caller.time);
    const Generation first = oldest_;
    while (oldest_ < current() && may_go(oldest_, rules, now)) generations_.erase(oldest_++);
    if (oldest_ != first) remove_unnamed(caller, oldest_piece(first), oldest_ - 1);
    while (!history_.empty() && history_.front().generation < oldest_) history_.pop_front();
}

// One that was never current, or that nothing superseded yet, is nobody's to remove here.
bool MirrorHost::may_go(Generation generation, const store::RetentionRules& rules,
                        base::UnixSeconds now) const {
    if (generation + rules.keep_generations > current()) return false;
    const auto next =
        std::upper_bound(history_.begin(), history_.end(), generation,
                         [](Generation wanted, const Settled& it) { return wanted < it.generation; });
    return next != history_.end() && now - next->time > rules.grace_metadata;
}

void MirrorHost::remove_unnamed(const Caller& caller, Generation first, Generation last) {
    for (Generation piece = first; piece <= last; ++piece) {
        bool is_named = !pieces_.contains(piece);
        for (Generation user = piece; user <= newest_user(piece); ++user)
            is_named = is_named || generations_.contains(user);
        if (is_named) continue;
        pieces_.erase(piece);
        ledger_.removed(actor(caller), piece);
    }
}

}  // namespace repotool::simulation
