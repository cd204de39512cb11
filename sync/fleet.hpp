// SPDX-License-Identifier: GPL-3.0-or-later
// The mirrors of one transaction, moved side by side: one thread each, every failure kept with its mirror.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "sync/mirror.hpp"
#include "sync/result.hpp"

namespace repotool::sync {

class Fleet {
public:
    // The mirrors outlive this object, which unlocks those that it locked.
    Fleet(const std::vector<Mirror*>& mirrors, TransactionIdentity identity);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    struct Member {
        Mirror* mirror = nullptr;
        MirrorResult result;
        bool is_locked = false;
        bool takes_part = true;
        bool is_tidy = true;  // false: clients see the new generation, but something is left to clean up
    };

    // Mirrors that serve this generation already take no part: nothing is written on them.
    void leave_out_current();
    // In the order of their names, so that two coordinators cannot wait for each other. A mirror that is busy
    // for longer fails.
    void lock(std::int64_t timeout_seconds);

    // Calls `work` for each member that takes part and has not failed, in parallel, and waits for all. What
    // it throws becomes that member's failure ("cannot <verb> '<mirror>': …") and asks the others to stop.
    void on_each(const std::string& verb, const std::function<void(Member&)>& work);
    std::stop_token stop_token() const { return stop_.get_token(); }

    bool is_empty() const;
    std::vector<std::string> names() const;
    // Of the first member, in the order given, that failed.
    const Failure* first_failure() const;
    std::vector<Member>& members() noexcept { return members_; }
    std::vector<MirrorResult> results() const;
    // Between the first and the last flip.
    std::int64_t flip_skew_ms() const;

private:
    std::vector<Member> members_;
    TransactionIdentity identity_;
    std::stop_source stop_;
};

}  // namespace repotool::sync
