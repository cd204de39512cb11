// SPDX-License-Identifier: GPL-3.0-or-later
// A coordinator's connection to a mirror: each call takes time and may fail on the way, and it is lost when
// the coordinator dies or another one takes over. It is made again as an agent's is, lock and ticket included
// where nobody else has them; or it is a mounted directory, which keeps its old ticket.
#pragma once

#include <string>
#include <vector>

#include "mirror_host.hpp"
#include "network.hpp"
#include "process.hpp"
#include "sync/mirror/checker.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::simulation {

class SimulatedMirror : public sync::Mirror, public sync::Checker {
public:
    SimulatedMirror(MirrorHost& host, Ledger& ledger, Network& network, Process& process)
        : host_(host), ledger_(ledger), network_(network), process_(process) {}
    ~SimulatedMirror() override { unlock(); }
    SimulatedMirror(const SimulatedMirror&) = delete;
    SimulatedMirror& operator=(const SimulatedMirror&) = delete;

    const std::string& name() const override { return host_.name(); }
    bool try_lock(const std::string& repository) override;
    std::string lock_holder(const std::string& repository) override;
    void unlock() noexcept override;
    sync::MirrorState state(const std::string& repository) override;
    std::vector<sync::UnfinishedTransaction> unfinished(const std::string& repository) override;
    sync::PlanSummary plan(const sync::StageRequest& request) override;
    sync::Transferred stage(const sync::StageRequest& request) override;
    void verify(const sync::StageRequest& request) override;
    void prepare(const sync::TransactionIdentity& identity) override;
    void flip(const sync::TransactionIdentity& identity, sync::Flip kind) override;
    void probe(const sync::TransactionIdentity& identity) override;
    void finish(const sync::TransactionIdentity& identity, base::UnixSeconds settled) override;
    void abort(const sync::TransactionIdentity& identity, sync::Undo undo) override;
    void set_lagging(const std::string& repository, const std::string& reason) override;
    void clear_lagging(const std::string& repository) override;
    sync::Retired retire(const sync::RetireRequest& request) override;

    // Through the mirror's web server.
    void check_staged(const sync::StageRequest& request, const std::optional<sync::Version>& before) override;
    void check_live(const sync::StageRequest& request) override;

private:
    // A call's way there and back, with what may happen to it; `effect` is what it does to the host.
    template <typename Effect>
    auto call(Step step, const Effect& effect);
    template <typename Effect>
    auto arrive(Step step, Fault fault, const Effect& effect);
    void reach_host();
    void reconnect();
    void draw_ticket();
    void die_for_a_while();
    [[noreturn]] void lose(const char* what) const;
    MirrorHost::Caller caller() const;
    void cancel_if_asked(const sync::StageRequest& request);

    MirrorHost& host_;
    Ledger& ledger_;
    Network& network_;
    Process& process_;
    bool knows_of_loss_ = false;     // that the connection was lost when another coordinator took over
    std::uint64_t ticket_ = 0;       // 0: without the lock
    std::uint64_t last_ticket_ = 0;  // the one before the connection broke
    bool wants_lock_ = false;
    bool is_staged_ = false;         // in this connection
    MirrorHost::Accident accident_;  // of the call that is under way
};

}  // namespace repotool::simulation
