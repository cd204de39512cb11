// SPDX-License-Identifier: GPL-3.0-or-later
// What a mirror has on its disk, and what its side of each step does to it: as sync/directory does it, in
// memory. Tells the ledger of every change that clients could see.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generations.hpp"
#include "ledger.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::simulation {

class MirrorHost {
public:
    MirrorHost(std::size_t number, Ledger& ledger);

    const std::string& name() const { return name_; }
    std::size_t number() const { return number_; }

    // Who holds the lock, and the ticket that was drawn with it.
    struct Lock {
        const void* holder = nullptr;
        std::uint64_t ticket = 0;
    };
    Lock lock{};
    Moment dead_until = 0;

    // The coordinator that asks, its ticket and the time. Steps throw base::Error as DirectoryMirror does.
    struct Caller {
        std::uint64_t process = 0;
        std::uint64_t ticket = 0;  // 0: without the lock
        Moment time = 0;
    };
    sync::MirrorState state() const;
    std::vector<sync::UnfinishedTransaction> unfinished() const;
    void refuse_rollback(const sync::TransactionIdentity& identity) const;
    void stage(const Caller& caller, const sync::TransactionIdentity& identity);
    // `most`: the host dies after so many pieces. `lost`: one that its disk swallows without a word.
    struct Accident {
        std::optional<std::size_t> most;
        bool loses_a_piece = false;
    };
    void prepare(const Caller& caller, const sync::TransactionIdentity& identity, const Accident& accident);
    void flip(const Caller& caller, const sync::TransactionIdentity& identity, sync::Flip kind);
    bool shows(const sync::Version& version) const { return current_ == version; }
    // What clients that were told of this generation find.
    bool has_all_of(Generation generation) const;
    void finish(const Caller& caller, const sync::TransactionIdentity& identity, base::UnixSeconds settled);
    void abort(const Caller& caller, const sync::TransactionIdentity& identity, sync::Undo undo);
    void mark(const Caller& caller, bool is_lagging);
    bool is_marked() const { return is_marked_; }
    void retire(const Caller& caller, const store::RetentionRules& rules);
    bool is_tidy() const { return transactions_.empty() && !is_marked_; }

private:
    struct Transaction {
        sync::TransactionIdentity identity;
        std::vector<Generation> brought;
        bool has_claimed = false;  // the generation has its place because of it
        bool is_prepared = false;
        bool is_canary = false;
        std::optional<sync::Version> before{};  // what was current before a canary's flip
        Generation generation() const { return identity.version.generation; }
    };
    struct Settled {
        Generation generation = 0;
        base::UnixSeconds time = 0;
    };
    Ledger::Actor actor(const Caller& caller) const { return {number_, caller.process, caller.time}; }
    void check_fence(const Caller& caller) const;
    Transaction* find(const sync::TransactionIdentity& identity);
    bool shows_canary(const Transaction& transaction) const;
    void take_back(const Caller& caller, Transaction transaction, sync::Undo undo);
    void withdraw(const Caller& caller, const Transaction& transaction);
    void forget(const sync::TransactionIdentity& identity);
    void record(const sync::Version& version, base::UnixSeconds settled);
    bool may_go(Generation generation, const store::RetentionRules& rules, base::UnixSeconds now) const;
    void remove_unnamed(const Caller& caller, Generation first, Generation last);

    void show(const Caller& caller, const std::optional<sync::Version>& version, Ledger::Flip kind);
    Generation current() const { return current_ ? current_->generation : 0; }

    std::size_t number_;
    std::string name_;
    Ledger& ledger_;
    std::optional<sync::Version> current_;
    std::optional<sync::Version> highest_;
    NumberSet generations_;  // gen/<repository>/<n>
    NumberSet pieces_;
    Generation oldest_ = 1;  // no generation before it is here
    std::vector<Transaction> transactions_;
    std::deque<Settled> history_;
    bool is_marked_ = false;
};

}  // namespace repotool::simulation
