// SPDX-License-Identifier: GPL-3.0-or-later
// The mirrors of one transaction, moved side by side: every failure is kept with its mirror, and the policy
// says what it means for the others.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "sync/fleet/policy.hpp"
#include "sync/fleet/result.hpp"
#include "sync/fleet/runtime.hpp"
#include "sync/mirror/checker.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

struct FleetMember {
    Mirror* mirror = nullptr;
    MirrorPolicy policy{};
    Checker* checker = nullptr;  // null: nobody looks
};

class Fleet {
public:
    // The mirrors outlive this object, which unlocks those that it locked.
    Fleet(const std::vector<FleetMember>& members, TransactionIdentity identity, const FleetPolicy& policy,
          Runtime& runtime);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    struct Member : FleetMember {
        MirrorResult result;
        bool is_locked = false;
        bool takes_part = true;
        std::optional<Version> before{};  // what it served when we came
        bool is_brought = false;          // everything is there under its names
        bool is_known = false;            // … and that
        bool is_on_trial = false;         // with this generation, because of a dead coordinator
        bool is_prepared = false;
        bool is_flipped = false;
        bool is_unsettled = false;  // an interrupted run left something there that cannot be settled now
        bool is_tidy = true;  // false: clients see the new generation, but something is left to clean up
        // It takes part, and nothing went wrong with it yet.
        bool is_well() const { return takes_part && !result.failure; }
    };

    // Mirrors that serve this generation already take no part: nothing is written on them.
    void leave_out_current();
    // Nothing new begins on a mirror before what an interrupted run left there is settled: these fail.
    void leave_out_unsettled(const std::vector<std::string>& names);
    // All of them or none: whoever finds one of them busy lets the others go and tries again, so that two
    // coordinators cannot wait for each other. A mirror that is busy for longer fails.
    void lock();

    // Calls `work` for each member that is well and that `which` wants, in parallel, and waits for all. What
    // it throws becomes that member's failure ("cannot <verb> '<mirror>': …"), after retries where the
    // network is to blame; before the commit it asks the others to stop where the fleet cannot commit any
    // more.
    using Wanted = std::function<bool(const Member&)>;
    // at_once: what costs a mirror next to nothing, and is to happen on all of them in the same moment.
    enum class Pace { policy, at_once };
    void on_each(const std::string& verb, const std::function<void(Member&)>& work, const Wanted& which = {},
                 Pace pace = Pace::policy);
    // The same for members with which something may have gone wrong before, once each. `work` throws nothing.
    void try_on_each(const std::function<void(Member&)>& work, const Wanted& which);
    std::stop_token stop_token() const { return stop_.get_token(); }
    // Work that is under way ends soon; those that did not finish fail for this reason.
    void call_time(const std::string& reason);
    // From here on a failure stops nobody.
    void set_committed() { is_committed_ = true; }

    // Why the fleet may not commit; empty where it may. Of several, the first in the order given.
    std::optional<Failure> objection() const;
    bool is_empty() const;
    // Some mirror serves this generation for good: whoever brought it there had committed it.
    bool is_committed_before() const;
    // … or a canary may be on trial with it.
    bool is_shown() const;
    // Of those that take part and that `which` wants.
    std::vector<std::string> names(const Wanted& which = {}) const;
    // Of the first member, in the order given, that failed and `which` wants.
    const Failure* first_failure(const Wanted& which = {}) const;
    std::vector<Member>& members() noexcept { return members_; }
    std::vector<MirrorResult> results() const;
    // Between the first and the last flip.
    std::int64_t flip_skew_ms() const;

private:
    std::optional<Failure> find_objection() const;
    void guarded(Member& member, const std::string& verb, const std::function<void(Member&)>& work);
    void fail(Member& member, const std::string& verb, const std::exception_ptr& error);
    void try_with_retries(Member& member, const std::function<void(Member&)>& work);
    bool lock_all(bool is_last_time);
    void unlock();

    std::vector<Member> members_;
    TransactionIdentity identity_;
    const FleetPolicy& policy_;
    Runtime& runtime_;
    std::stop_source stop_;
    mutable std::mutex mutex_;  // of the members' failures and time_called_, while threads are at work
    std::string time_called_;
    bool is_committed_ = false;
};

}  // namespace repotool::sync
