// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet.hpp"

#include <algorithm>
#include <exception>
#include <thread>

namespace repotool::sync {

Fleet::Fleet(const std::vector<Mirror*>& mirrors, TransactionIdentity identity)
    : identity_(std::move(identity)) {
    for (Mirror* mirror : mirrors) {
        Member member;
        member.mirror = mirror;
        member.result.name = mirror->name();
        members_.push_back(std::move(member));
    }
}

Fleet::~Fleet() {
    for (auto& member : members_) {
        if (member.is_locked) member.mirror->unlock();
    }
}

void Fleet::leave_out_current() {
    on_each("look at", [&](Member& member) {
        if (member.mirror->state(identity_.repository).current != identity_.version) return;
        member.takes_part = false;
        member.result.outcome = MirrorOutcome::unchanged;
    });
}

void Fleet::lock(std::int64_t timeout_seconds) {
    std::vector<Member*> ordered;
    for (auto& member : members_) ordered.push_back(&member);
    std::sort(ordered.begin(), ordered.end(),
              [](const Member* a, const Member* b) { return a->result.name < b->result.name; });
    for (Member* member : ordered) {
        if (!member->takes_part || first_failure() != nullptr) continue;
        try {
            member->mirror->lock(timeout_seconds);
            member->is_locked = true;
        } catch (...) {
            member->result.failure = describe_failure(std::current_exception(), "lock", member->result.name);
            member->result.outcome = MirrorOutcome::failed;
        }
    }
}

void Fleet::on_each(const std::string& verb, const std::function<void(Member&)>& work) {
    const auto guarded = [&](Member& member) {
        try {
            work(member);
        } catch (const Cancelled&) {  // not its fault
        } catch (...) {
            member.result.failure = describe_failure(std::current_exception(), verb, member.result.name);
            member.result.outcome = MirrorOutcome::failed;
            stop_.request_stop();
        }
    };
    std::vector<std::jthread> threads;
    for (auto& member : members_) {
        if (member.takes_part && !member.result.failure) threads.emplace_back([&] { guarded(member); });
    }
}

bool Fleet::is_empty() const {
    return std::none_of(members_.begin(), members_.end(),
                        [](const Member& member) { return member.takes_part; });
}

std::vector<std::string> Fleet::names() const {
    std::vector<std::string> names;
    for (const auto& member : members_) {
        if (member.takes_part) names.push_back(member.result.name);
    }
    return names;
}

const Failure* Fleet::first_failure() const {
    for (const auto& member : members_) {
        if (member.result.failure) return &*member.result.failure;
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
