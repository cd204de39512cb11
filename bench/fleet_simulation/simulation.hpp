// SPDX-License-Identifier: GPL-3.0-or-later
// Years in the life of a large fleet: the real coordinator, its journals, its recovery and its policy, over
// mirrors, a network, a clock and disks that are simulated; things fail, coordinators are killed and
// overtaken at random moments, and the ledger watches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "distribution.hpp"
#include "ledger.hpp"
#include "mirror_host.hpp"
#include "network.hpp"
#include "sync/fleet/policy.hpp"
#include "sync/fleet/result.hpp"

namespace repotool::simulation {

struct Settings {
    std::size_t mirrors = 1000;
    std::size_t required = 0;  // 0: one in twenty, and two at least
    std::size_t transactions = 10'000;
    std::uint64_t seed = 1;
    std::size_t parallel = 250;  // mirrors at work at once
    double failure_rate = 0.01;
    double kill_rate = 0.02;      // coordinators that die, of all
    double overtake_rate = 0.01;  // … that sleep until another one has taken over
};

struct Figures {
    std::uint64_t runs = 0;
    std::uint64_t committed = 0;  // all of the fleet that could be reached has it
    std::uint64_t aborted = 0;
    std::uint64_t late = 0;  // committed, and some mirror could not flip at once
    std::uint64_t killed = 0;
    std::uint64_t overtaken = 0;
    std::uint64_t recoveries = 0;  // in calm weather, looked at by (c)
    Distribution skew;             // first to last flip of a run
    Distribution visible;          // published to visible on all required mirrors
    Distribution visible_each;     // … to visible on a mirror
};

class Simulation {
public:
    explicit Simulation(const Settings& settings);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    void run();
    Figures& figures() { return figures_; }
    const Ledger& ledger() const { return ledger_; }
    Moment time() const { return clock_.latest(); }

private:
    class Life;
    enum class Fate { ordinary, safe };

    void publish();
    void transact(Fate fate);
    void choose_fate(Process& process);
    void take_over();
    void account(const sync::FleetResult& result, Moment began);
    void note_visible();
    void recover_in_calm(bool with_a_run);
    void check_tidy();
    void retire();
    sync::FleetPolicy policy() const;
    void committed(const std::string& journal);

    Settings settings_;
    Chance chance_;
    VirtualClock clock_;
    Weather weather_;
    Network network_;
    Ledger ledger_;
    std::deque<MirrorHost> hosts_;
    struct Shared;  // filesystems
    std::unique_ptr<Shared> shared_;
    std::size_t home_ = 0;  // the host on which coordinators run
    std::uint64_t processes_ = 0;
    Generation published_ = 0;
    std::vector<Moment> published_at_{0};
    std::map<std::string, Generation> generation_of_;  // by transaction
    Generation visible_ = 0;                           // on all required mirrors
    std::vector<Generation> seen_;                     // by mirror
    bool needs_help_ = false;                          // the last run died, or failed
    bool was_overtaken_ = false;                       // since the last recovery
    Figures figures_;
};

}  // namespace repotool::simulation
