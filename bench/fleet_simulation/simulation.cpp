// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulation.hpp"

#include <fmt/format.h>

#include <memory>

#include "coordinator_disk.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/manifest.hpp"
#include "simulated_mirror.hpp"
#include "sync/fleet/coordinator.hpp"
#include "sync/fleet/fleet_recovery.hpp"
#include "sync/fleet/quarantine.hpp"

namespace repotool::simulation {
namespace {

constexpr const char* kRepository = "stable";
constexpr std::int64_t kGraceSeconds = 48 * 3600;

}  // namespace

// What outlives every coordinator: the published tree, and the disks of the two hosts that run them.
struct Simulation::Shared {
    fs::testing::MemoryFilesystem tree;
    std::array<fs::testing::MemoryFilesystem, 2> disks;
};

// One coordinator, from its start to its end, however that comes.
class Simulation::Life {
public:
    Life(Simulation& world, std::size_t home)
        : process(++world.processes_),
          disk_(world.shared_->disks[home], process, world.clock_,
                [&world](const std::string& journal) { world.committed(journal); }),
          runtime_(world.clock_, world.chance_, process),
          source{"site", world.shared_->tree, disk_, "sync"} {
        options.policy = world.policy();
        options.runtime = &runtime_;
        options.open_mirror = [](const std::string&) -> std::unique_ptr<sync::Mirror> { return nullptr; };
        for (auto& host : world.hosts_) {
            auto& mirror = mirrors_.emplace_back(host, world.ledger_, world.network_, process);
            const bool is_required = host.number() < world.settings_.required;
            members.push_back({&mirror, {is_required, host.number() == 1}, &mirror});
        }
    }

    // False where it was killed, or could not begin.
    template <typename Work>
    bool does(const Work& work) {
        try {
            work();
            return !process.is_dead();
        } catch (const Killed&) {
            return false;
        } catch (const base::Error&) {
            return false;
        }
    }

    Process process;

private:
    CoordinatorDisk disk_;
    SimulatedRuntime runtime_;
    std::deque<SimulatedMirror> mirrors_;

public:
    sync::Source source;
    sync::FleetOptions options;
    std::vector<sync::FleetMember> members;
};

Simulation::Simulation(const Settings& settings)
    : settings_(settings),
      chance_(settings.seed),
      weather_{settings.failure_rate},
      network_(clock_, chance_, weather_),
      ledger_(settings.mirrors,
              settings_.required = settings.required != 0 ? settings.required
                                                          : std::max<std::size_t>(2, settings.mirrors / 20),
              kGraceSeconds * kSecond),
      shared_(std::make_unique<Shared>()),
      seen_(settings.mirrors) {
    for (std::size_t i = 0; i < settings.mirrors; ++i) hosts_.emplace_back(i, ledger_);
}

Simulation::~Simulation() = default;

sync::FleetPolicy Simulation::policy() const {
    sync::FleetPolicy policy;
    policy.quorum = settings_.mirrors * 9 / 10;
    policy.deadline_seconds = 600;
    policy.parallel = settings_.parallel;
    policy.lock_timeout_seconds = 5;
    policy.retire.rules.grace_metadata = kGraceSeconds;
    return policy;
}

void Simulation::committed(const std::string& journal) {
    const std::string transaction = fs::base_name(fs::parent_path(journal));
    ledger_.committed(generation_of_.at(transaction), clock_.now());
}

// ---- what happens
// ------------------------------------------------------------------------------------------------

void Simulation::run() {
    constexpr std::size_t kBetweenRetirements = 50;
    constexpr double kBetweenPublishes = 600 * kSecond;
    for (std::size_t i = 1; i <= settings_.transactions; ++i) {
        clock_.advance(static_cast<Moment>(chance_.exponential(kBetweenPublishes)));
        if (!needs_help_ || chance_.hits(0.5)) publish();
        transact(Fate::ordinary);
        if (needs_help_ && chance_.hits(0.5)) recover_in_calm(was_overtaken_);
        if (i % kBetweenRetirements == 0) retire();
    }
    recover_in_calm(true);
}

void Simulation::publish() {
    auto& tree = shared_->tree;
    store::Manifest manifest;
    manifest.repository = kRepository;
    manifest.generation = ++published_;
    manifest.date = unix_time(clock_.now());
    const std::string directory = store::layout::generation(kRepository, published_);
    fs::make_directories(tree, directory, 0755);
    fs::write_new_file(tree, directory + "/MANIFEST", store::render_manifest(manifest), 0644, 0,
                       fs::Durable::no);
    const auto head = store::make_symlink_head(tree, "", kRepository);
    head->compare_and_swap(head->current(), published_);
    generation_of_[store::open_generation(tree, "", kRepository).manifest_sha256()] = published_;
    published_at_.push_back(clock_.now());
    // Whoever sleeps has read what it needs of an older one.
    constexpr Generation kKept = 10;
    if (published_ > kKept) fs::remove_tree(tree, store::layout::generation(kRepository, published_ - kKept));
}

// One coordinator, under what the weather has for it.
void Simulation::transact(Fate fate) {
    Life life(*this, home_);
    if (fate == Fate::ordinary) choose_fate(life.process);
    const Moment began = clock_.now();
    ++figures_.runs;
    const bool has_ended = life.does([&] {
        const auto result = sync::run_fleet(life.source, kRepository, life.members, life.options);
        if (!life.process.is_dead()) account(result, began);
    });
    if (life.process.is_dead()) ++figures_.killed;
    if (!has_ended) needs_help_ = true;
    clock_.move_to(clock_.latest());
    note_visible();
}

void Simulation::choose_fate(Process& process) {
    const auto step = static_cast<Step>(chance_.below(kSteps));
    const bool is_rare = step == Step::canary || step == Step::abort || step == Step::disk;
    const std::size_t n = 1 + chance_.below(is_rare ? 30 : settings_.mirrors);
    if (chance_.hits(settings_.kill_rate)) {
        process.kill_at(step, step == Step::canary ? 1 : n,
                        chance_.hits(0.5) ? Process::When::before : Process::When::after);
    } else if (chance_.hits(settings_.overtake_rate)) {
        process.sleep_at(step, step == Step::canary ? 1 : n, [this] { take_over(); });
    }
}

// The coordinator at work sleeps, and its connections break; somebody begins another one on the other host,
// which knows nothing of the first one's journals.
void Simulation::take_over() {
    ++figures_.overtaken;
    was_overtaken_ = needs_help_ = true;
    auto bell = clock_.take_bell();
    clock_.move_to(clock_.latest());
    clock_.advance(static_cast<Moment>(chance_.between(10, 600) * kSecond));
    for (auto& host : hosts_) host.lock.holder = nullptr;
    home_ = 1 - home_;
    if (chance_.hits(0.5)) publish();
    transact(Fate::safe);
    clock_.not_before(clock_.latest());
    clock_.set_bell(std::move(bell));
}

// ---- what comes of it
// --------------------------------------------------------------------------------------------

void Simulation::account(const sync::FleetResult& result, Moment began) {
    ledger_.run_ended();
    needs_help_ = result.failure.has_value();
    if (result.settled_at == 0) {
        ++(result.failure ? figures_.aborted : figures_.committed);
        return;
    }
    ++(result.failure ? figures_.late : figures_.committed);
    Moment first = 0;
    Moment last = 0;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (ledger_.current(i) != result.generation || ledger_.flipped_at(i) < began) continue;
        const Moment at = ledger_.flipped_at(i);
        first = first == 0 ? at : std::min(first, at);
        last = std::max(last, at);
    }
    figures_.skew.add(last - first);
}

void Simulation::note_visible() {
    Generation everywhere = published_;
    Moment last = 0;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        const Generation current = ledger_.current(i);
        for (Generation one = seen_[i] + 1; one <= current; ++one)
            figures_.visible_each.add(ledger_.flipped_at(i) - published_at_[one]);
        seen_[i] = std::max(seen_[i], current);
        if (i >= settings_.required) continue;
        everywhere = std::min(everywhere, current);
        last = std::max(last, ledger_.flipped_at(i));
    }
    for (; visible_ < everywhere; ++visible_) figures_.visible.add(last - published_at_[visible_ + 1]);
}

// Every host is back, nothing fails, and somebody runs `mirrorsync resume` on both hosts that have journals;
// where two coordinators met, a whole run.
void Simulation::recover_in_calm(bool with_a_run) {
    weather_.is_calm = true;
    for (auto& host : hosts_) {
        if (host.dead_until != 0) ledger_.revived(host.number(), clock_.now());
        host.dead_until = 0;
    }
    for (const std::size_t home : {1 - home_, home_}) {
        Life life(*this, home);
        life.does([&] {
            sync::resume_fleet(life.source, kRepository, life.members, life.options, sync::Recover::all);
        });
        clock_.move_to(clock_.latest());
    }
    if (with_a_run) transact(Fate::safe);
    ledger_.settled(clock_.now());
    if (with_a_run) check_tidy();
    ++figures_.recoveries;
    needs_help_ = was_overtaken_ = false;
    weather_.is_calm = false;
}

// After a run in which nothing failed.
void Simulation::check_tidy() {
    for (const auto& host : hosts_) {
        if (host.is_tidy() && ledger_.current(host.number()) == published_) continue;
        ledger_.violate('h', clock_.now(),
                        fmt::format("mirror {} shows generation {}{}, the source has {}", host.number(),
                                    ledger_.current(host.number()), host.is_tidy() ? "" : ", with leftovers",
                                    published_));
        return;
    }
    Life life(*this, home_);
    if (!sync::read_quarantine(life.source, kRepository).empty())
        ledger_.violate('h', clock_.now(), "the quarantine is not empty");
}

void Simulation::retire() {
    Life life(*this, home_);
    life.does([&] {
        sync::retire_all(life.members, life.options, [](const std::string&, const sync::Retired&) {});
    });
    clock_.move_to(clock_.latest());
}

}  // namespace repotool::simulation
