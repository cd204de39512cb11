// SPDX-License-Identifier: GPL-3.0-or-later
// Time that passes only because something took time, and the threads that go with it: tasks that the
// coordinator runs side by side run here one after the other, each on its own clock from the moment when a
// thread is free for it, and what comes after them begins when the last of them has ended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "chance.hpp"
#include "process.hpp"
#include "sync/fleet/runtime.hpp"

namespace repotool::simulation {

using Moment = std::int64_t;  // microseconds since the simulation began
inline constexpr Moment kMillisecond = 1000;
inline constexpr Moment kSecond = 1000 * kMillisecond;
inline constexpr Moment kHour = 3600 * kSecond;
// Not near the real time, so that whoever asks the real clock by mistake is found out.
inline constexpr base::UnixSeconds kBeginning = 1'900'000'000;
inline base::UnixSeconds unix_time(Moment moment) {
    return kBeginning + moment / kSecond;
}

class VirtualClock {
public:
    Moment now() const { return now_; }
    Moment latest() const { return latest_; }
    void advance(Moment time) { move_to(now_ + time); }
    // Of one task's time, forth and back. Never before what was seen to happen: see not_before().
    void move_to(Moment moment);
    // A coordinator that slept wakes up now: none of its tasks begins earlier.
    void not_before(Moment moment) { earliest_ = std::max(earliest_, moment); }

    struct Bell {
        Moment due = 0;
        std::function<void()> ring;
    };
    // One at a time, as the coordinator has it.
    void set_bell(std::optional<Bell> bell) {
        bell_ = std::move(bell);
        rung_.reset();
    }
    std::optional<Bell> take_bell() { return std::exchange(bell_, std::nullopt); }
    // When the bell rang. Tasks whose own time is earlier have not heard it.
    std::optional<Moment> rung() const { return rung_; }

private:
    Moment now_ = kSecond;  // 0 is "never" in places
    Moment latest_ = kSecond;
    Moment earliest_ = 0;
    std::optional<Bell> bell_;
    std::optional<Moment> rung_;
};

// Of one coordinator.
class SimulatedRuntime : public sync::Runtime {
public:
    SimulatedRuntime(VirtualClock& clock, Chance& chance, Process& process)
        : clock_(clock), chance_(chance), process_(process) {}

    std::int64_t monotonic_ms() override { return clock_.now() / kMillisecond; }
    base::UnixSeconds now() override { return unix_time(clock_.now()); }
    void sleep_ms(std::int64_t milliseconds) override {
        process_.check();
        clock_.advance(milliseconds * kMillisecond);
    }
    double random() override { return chance_.next(); }
    void run_all(const std::vector<std::function<void()>>& work, std::size_t parallel) override;
    std::unique_ptr<sync::Alarm> set_alarm(std::int64_t milliseconds, std::function<void()> ring) override;

private:
    VirtualClock& clock_;
    Chance& chance_;
    Process& process_;
};

}  // namespace repotool::simulation
