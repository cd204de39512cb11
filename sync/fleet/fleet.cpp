// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"

namespace repotool::sync {

using base::Error;
using base::ErrorKind;

Fleet::Fleet(const std::vector<FleetMember>& members, TransactionIdentity identity, const FleetPolicy& policy,
             Runtime& runtime)
    : identity_(std::move(identity)), policy_(policy), runtime_(runtime) {
    for (const FleetMember& given : members) {
        Member member;
        static_cast<FleetMember&>(member) = given;
        member.result.name = given.mirror->name();
        members_.push_back(std::move(member));
    }
}

Fleet::~Fleet() {
    unlock();
}

void Fleet::unlock() {
    try_on_each(
        [](Member& member) {
            member.mirror->unlock();
            member.is_locked = false;
        },
        [](const Member& member) { return member.is_locked; });
}

void Fleet::leave_out_current() {
    on_each("look at", [&](Member& member) {
        const MirrorState state = member.mirror->state(identity_.repository);
        member.before = state.current;
        member.is_known = true;
        member.is_on_trial = state.current == identity_.version && state.is_trial;
        if (state.current != identity_.version || state.is_trial) return;
        member.takes_part = false;
        member.result.outcome = MirrorOutcome::unchanged;
    });
}

void Fleet::leave_out_unsettled(const std::vector<std::string>& names) {
    for (auto& member : members_) {
        const std::string& name = member.result.name;
        if (!member.is_well() || std::find(names.begin(), names.end(), name) == names.end()) continue;
        member.is_unsettled = true;
        fail(member, fmt::format("bring {} to", identity_.shown()),
             std::make_exception_ptr(Error(ErrorKind::network, "settle", name,
                                           "what an interrupted run left there has to be finished or taken "
                                           "back first",
                                           "run the same command again when it can be reached")));
    }
}

// ---- locks
// -------------------------------------------------------------------------------------------------------

void Fleet::lock() {
    constexpr std::int64_t kPauseMs = 100;
    const std::int64_t deadline = runtime_.monotonic_ms() + policy_.lock_timeout_seconds * 1000;
    for (bool is_last = false;;) {
        if (lock_all(is_last) || objection() || stop_.stop_requested()) return;
        unlock();
        runtime_.sleep_ms(kPauseMs / 2 + static_cast<std::int64_t>(runtime_.random() * kPauseMs));
        is_last = runtime_.monotonic_ms() >= deadline;
    }
}

// True where all that are well are locked. The last time, those that are busy fail.
bool Fleet::lock_all(bool is_last_time) {
    on_each("lock", [&](Member& member) {
        member.is_locked = member.mirror->try_lock(identity_.repository);
        if (member.is_locked || !is_last_time) return;
        throw Error(ErrorKind::conflict, "lock", member.result.name,
                    fmt::format("waited {} s; {}", policy_.lock_timeout_seconds,
                                member.mirror->lock_holder(identity_.repository)),
                    "run the same command again later, or give --lock-timeout a longer time");
    });
    return std::all_of(members_.begin(), members_.end(),
                       [](const Member& member) { return !member.is_well() || member.is_locked; });
}

// ---- side by side
// ------------------------------------------------------------------------------------------------

void Fleet::on_each(const std::string& verb, const std::function<void(Member&)>& work, const Wanted& which,
                    Pace pace) {
    constexpr std::size_t kMostThreads = 256;
    std::vector<std::function<void()>> all;
    for (auto& member : members_) {
        if (member.is_well() && (!which || which(member)))
            all.emplace_back([&] { guarded(member, verb, work); });
    }
    runtime_.run_all(all, pace == Pace::at_once ? kMostThreads : policy_.parallel);
}

void Fleet::try_on_each(const std::function<void(Member&)>& work, const Wanted& which) {
    std::vector<std::function<void()>> all;
    for (auto& member : members_) {
        if (which(member)) all.emplace_back([&] { work(member); });
    }
    runtime_.run_all(all, policy_.parallel);
}

void Fleet::guarded(Member& member, const std::string& verb, const std::function<void(Member&)>& work) {
    try {
        try_with_retries(member, work);
    } catch (const Cancelled&) {
        const std::string reason = [&] {
            const std::scoped_lock lock(mutex_);
            return time_called_;
        }();
        if (reason.empty()) return;  // not its fault
        fail(member, verb,
             std::make_exception_ptr(Error(ErrorKind::network, verb, member.result.name, reason)));
    } catch (...) {
        fail(member, verb, std::current_exception());
    }
}

void Fleet::fail(Member& member, const std::string& verb, const std::exception_ptr& error) {
    const std::scoped_lock lock(mutex_);
    member.result.failure = describe_failure(error, verb, member.result.name);
    member.result.outcome = MirrorOutcome::failed;
    if (!is_committed_ && find_objection()) stop_.request_stop();
}

// The network comes back, or another way there does; everything else would fail again.
void Fleet::try_with_retries(Member& member, const std::function<void(Member&)>& work) {
    constexpr double kFirstPauseMs = 200;
    for (unsigned attempt = 0;; ++attempt) {
        try {
            return work(member);
        } catch (const Error& error) {
            const bool may_help = error.kind() == ErrorKind::network && attempt < policy_.retries;
            if (!may_help || (!is_committed_ && stop_.stop_requested())) throw;
            base::detail(fmt::format("{}: tries again after: {}", member.result.name, error.what()));
            runtime_.sleep_ms(static_cast<std::int64_t>(kFirstPauseMs * static_cast<double>(1U << attempt) *
                                                        (0.5 + runtime_.random())));
            if (member.is_locked && !member.mirror->try_lock(identity_.repository)) throw;
        }
    }
}

void Fleet::call_time(const std::string& reason) {
    {
        const std::scoped_lock lock(mutex_);
        time_called_ = reason;
    }
    stop_.request_stop();
}

// ---- what it comes to
// --------------------------------------------------------------------------------------------

std::optional<Failure> Fleet::objection() const {
    const std::scoped_lock lock(mutex_);
    return find_objection();
}

std::optional<Failure> Fleet::find_objection() const {
    const Failure* failure = first_failure([](const Member& member) { return member.policy.is_required; });
    if (failure != nullptr) return *failure;
    const auto well = static_cast<std::size_t>(
        std::count_if(members_.begin(), members_.end(), [](const Member& m) { return !m.result.failure; }));
    if (well >= std::min(policy_.quorum, members_.size())) return std::nullopt;
    failure = first_failure();
    return Failure{
        ErrorKind::network, identity_.shown(),
        fmt::format("cannot commit '{}': {} of {} can have it, the quorum is {}; {}", identity_.shown(), well,
                    base::counted(members_.size(), "mirror"), policy_.quorum, failure->message),
        failure->hint};
}

bool Fleet::is_empty() const {
    return std::none_of(members_.begin(), members_.end(),
                        [](const Member& member) { return member.is_well(); });
}

bool Fleet::is_committed_before() const {
    return std::any_of(members_.begin(), members_.end(), [](const Member& member) {
        return member.result.outcome == MirrorOutcome::unchanged;
    });
}

bool Fleet::is_shown() const {
    const auto may_show = [](const Member& member) {
        return member.is_on_trial || (member.policy.is_canary && !member.is_known);
    };
    return is_committed_before() || std::any_of(members_.begin(), members_.end(), may_show);
}

std::vector<std::string> Fleet::names(const Wanted& which) const {
    std::vector<std::string> names;
    for (const auto& member : members_) {
        if (member.takes_part && (!which || which(member))) names.push_back(member.result.name);
    }
    return names;
}

const Failure* Fleet::first_failure(const Wanted& which) const {
    for (const auto& member : members_) {
        if (member.result.failure && (!which || which(member))) return &*member.result.failure;
    }
    return nullptr;
}

std::vector<MirrorResult> Fleet::results() const {
    std::vector<MirrorResult> results;
    for (const auto& member : members_) results.push_back(member.result);
    return results;
}

std::int64_t Fleet::flip_skew_ms() const {
    std::int64_t first = 0;
    std::int64_t last = 0;
    for (const auto& member : members_) {
        const std::int64_t time = member.result.flipped_at_ms;
        if (time == 0) continue;
        first = first == 0 ? time : std::min(first, time);
        last = std::max(last, time);
    }
    return last - first;
}

}  // namespace repotool::sync
