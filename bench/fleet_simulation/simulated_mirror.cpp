// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulated_mirror.hpp"

#include "core/base/error.hpp"

namespace repotool::simulation {

using base::Error;
using base::ErrorKind;
using sync::TransactionIdentity;

// ---- the way there and back
// -------------------------------------------------------------------------------------

void SimulatedMirror::lose(const char* what) const {
    throw Error(ErrorKind::network, "talk to", host_.name(), what);
}

void SimulatedMirror::die_for_a_while() {
    host_.dead_until = network_.time_of_death();
    host_.lock.holder = nullptr;
    ticket_ = 0;
    is_staged_ = false;
    ledger_.died(host_.number(), network_.clock().now());
}

MirrorHost::Caller SimulatedMirror::caller() const {
    return {process_.number(), ticket_, network_.clock().now()};
}

// Where the connection was lost it is made again, and its lock with it. Half of the mirrors are mounted
// directories: those never notice, and go on with the ticket that they have.
void SimulatedMirror::reconnect() {
    const bool is_agent = host_.number() % 2 == 0;
    if (process_.is_overtaken() && is_agent && !knows_of_loss_) {
        knows_of_loss_ = true;
        ticket_ = 0;
        is_staged_ = false;
        lose("the connection broke");
    }
    if (!wants_lock_ || ticket_ != 0) return;
    if (host_.lock.holder != nullptr)
        throw Error(ErrorKind::conflict, "go on with", host_.name(), "the lock is lost");
    draw_ticket();
}

void SimulatedMirror::draw_ticket() {
    if (last_ticket_ != 0 && host_.lock.ticket != last_ticket_)
        throw Error(ErrorKind::conflict, "go on with", host_.name(), "another mirrorsync has taken over");
    host_.lock = {this, host_.lock.ticket + 1};
    ticket_ = last_ticket_ = host_.lock.ticket;
    ledger_.locked({host_.number(), process_.number(), network_.clock().now()});
}

void SimulatedMirror::reach_host() {
    constexpr Moment kPatience = 10 * kSecond;
    if (host_.dead_until > network_.clock().now()) {
        network_.clock().advance(kPatience);
        is_staged_ = false;
        ticket_ = 0;
        lose("it said nothing for 10 s");
    }
    if (host_.dead_until != 0) {
        host_.dead_until = 0;
        ledger_.revived(host_.number(), network_.clock().now());
    }
    reconnect();
}

template <typename Effect>
auto SimulatedMirror::call(Step step, const Effect& effect) {
    process_.before(step);
    network_.travel(host_.number());
    reach_host();
    const Fault fault = network_.fault();
    accident_ = {};
    if (fault == Fault::lost_request) lose("the connection broke");
    if (fault == Fault::refusal && step != Step::unfinished)
        throw Error(ErrorKind::integrity, "read", host_.name(), "its disk is damaged");
    if (fault == Fault::lie) accident_.loses_a_piece = true;
    if (fault == Fault::death) {
        if (step == Step::prepare) {
            accident_.most = network_.below(kShared);
            effect();
        }
        die_for_a_while();
        lose("it is gone");
    }
    struct Return {
        SimulatedMirror& mirror;
        Step step;
        Fault fault;
        void operator()() const {
            mirror.network_.travel(mirror.host_.number());
            mirror.process_.after(step);
            if (fault == Fault::lost_answer) mirror.lose("the answer never came");
        }
    } const way_back{*this, step, fault};
    if constexpr (std::is_void_v<decltype(effect())>) {
        effect();
        way_back();
    } else {
        auto answer = effect();
        way_back();
        return answer;
    }
}

void SimulatedMirror::cancel_if_asked(const sync::StageRequest& request) {
    const Moment rung = network_.clock().rung().value_or(0);
    if (request.stop.stop_requested() && network_.clock().now() >= rung) throw sync::Cancelled();
}

// ---- the steps
// --------------------------------------------------------------------------------------------------

bool SimulatedMirror::try_lock(const std::string& /*repository*/) {
    wants_lock_ = false;
    return call(Step::lock, [&] {
        if (host_.lock.holder != nullptr && host_.lock.holder != this) return false;
        if (host_.lock.holder != this) draw_ticket();
        wants_lock_ = true;
        return true;
    });
}

std::string SimulatedMirror::lock_holder(const std::string& /*repository*/) {
    return "held by another process";
}

// A lock goes with the connection, however that ends.
void SimulatedMirror::unlock() noexcept {
    if (ticket_ != 0 && !process_.is_dead()) {
        network_.travel(host_.number());
        network_.travel(host_.number());
    }
    wants_lock_ = false;
    ticket_ = last_ticket_ = 0;
    is_staged_ = false;
    if (host_.lock.holder == this) host_.lock.holder = nullptr;
}

sync::MirrorState SimulatedMirror::state(const std::string& /*repository*/) {
    return call(Step::state, [&] { return host_.state(); });
}

std::vector<sync::UnfinishedTransaction> SimulatedMirror::unfinished(const std::string& /*repository*/) {
    return call(Step::unfinished, [&] { return host_.unfinished(); });
}

sync::PlanSummary SimulatedMirror::plan(const sync::StageRequest& request) {
    return call(Step::plan, [&] {
        host_.refuse_rollback(request.identity);
        return sync::PlanSummary{};
    });
}

sync::Transferred SimulatedMirror::stage(const sync::StageRequest& request) {
    cancel_if_asked(request);
    return call(Step::stage, [&] {
        host_.stage(caller(), request.identity);
        network_.transfer();
        is_staged_ = true;
        return sync::Transferred{};
    });
}

void SimulatedMirror::verify(const sync::StageRequest& request) {
    cancel_if_asked(request);
    call(Step::verify, [&] {
        if (!is_staged_) throw Error(ErrorKind::conflict, "verify", host_.name(), "nothing of it is staged");
    });
}

void SimulatedMirror::prepare(const TransactionIdentity& identity) {
    call(Step::prepare, [&] {
        if (!is_staged_) throw Error(ErrorKind::conflict, "prepare", host_.name(), "nothing of it is staged");
        host_.prepare(caller(), identity, accident_);
    });
    is_staged_ = false;
}

void SimulatedMirror::flip(const TransactionIdentity& identity, sync::Flip kind) {
    call(kind == sync::Flip::canary ? Step::canary : Step::flip,
         [&] { host_.flip(caller(), identity, kind); });
}

void SimulatedMirror::probe(const TransactionIdentity& identity) {
    call(Step::probe, [&] {
        if (!host_.shows(identity.version)) lose("clients would read something else");
    });
}

void SimulatedMirror::finish(const TransactionIdentity& identity, base::UnixSeconds settled) {
    call(Step::finish, [&] { host_.finish(caller(), identity, settled); });
}

void SimulatedMirror::abort(const TransactionIdentity& identity, sync::Undo undo) {
    is_staged_ = false;
    call(Step::abort, [&] { host_.abort(caller(), identity, undo); });
}

void SimulatedMirror::set_lagging(const std::string& /*repository*/, const std::string& /*reason*/) {
    call(Step::lagging, [&] {
        if (ticket_ == 0 && last_ticket_ != 0)
            throw Error(ErrorKind::conflict, "mark", host_.name(), "the lock is lost");
        host_.mark(caller(), true);
    });
}

void SimulatedMirror::clear_lagging(const std::string& /*repository*/) {
    call(Step::lagging, [&] { host_.mark(caller(), false); });
}

sync::Retired SimulatedMirror::retire(const sync::RetireRequest& request) {
    return call(Step::finish, [&] {
        host_.retire(caller(), request.rules);
        return sync::Retired{};
    });
}

// ---- through the web server
// -------------------------------------------------------------------------------------

void SimulatedMirror::check_staged(const sync::StageRequest& request,
                                   const std::optional<sync::Version>& /*before*/) {
    cancel_if_asked(request);
    call(Step::check, [&] {
        if (!host_.has_all_of(request.identity.version.generation)) lose("404 Not Found");
    });
}

void SimulatedMirror::check_live(const sync::StageRequest& request) {
    call(Step::check, [&] {
        if (!host_.shows(request.identity.version)) lose("an older InRelease");
    });
}

}  // namespace repotool::simulation
