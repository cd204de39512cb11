// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_time.hpp"

#include <functional>
#include <numeric>
#include <queue>

namespace repotool::simulation {

void VirtualClock::move_to(Moment moment) {
    now_ = std::max(moment, earliest_);
    latest_ = std::max(latest_, now_);
    if (!bell_ || now_ < bell_->due) return;
    const Bell bell = *std::exchange(bell_, std::nullopt);
    rung_ = bell.due;
    bell.ring();
}

void SimulatedRuntime::run_all(const std::vector<std::function<void()>>& work, std::size_t parallel) {
    std::vector<std::size_t> order(work.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance_.below(i)]);

    std::priority_queue<Moment, std::vector<Moment>, std::greater<>> free;  // when each thread is
    for (std::size_t i = 0; i < std::min(std::max<std::size_t>(parallel, 1), work.size()); ++i)
        free.push(clock_.now());
    Moment end = clock_.now();
    const bool was_alive = !process_.is_dead();
    for (const std::size_t task : order) {
        constexpr std::size_t kMostLastWords = 8;
        process_.give_last_words(was_alive ? chance_.below(kMostLastWords) : 0);
        clock_.move_to(free.top());
        free.pop();
        work[task]();
        free.push(clock_.now());
        end = std::max(end, clock_.now());
    }
    process_.give_last_words(0);
    clock_.move_to(end);
}

namespace {

class BellAlarm : public sync::Alarm {
public:
    explicit BellAlarm(VirtualClock& clock) : clock_(clock) {}
    ~BellAlarm() override { clock_.set_bell(std::nullopt); }
    BellAlarm(const BellAlarm&) = delete;
    BellAlarm& operator=(const BellAlarm&) = delete;

private:
    VirtualClock& clock_;
};

}  // namespace

std::unique_ptr<sync::Alarm> SimulatedRuntime::set_alarm(std::int64_t milliseconds,
                                                         std::function<void()> ring) {
    clock_.set_bell(VirtualClock::Bell{clock_.now() + milliseconds * kMillisecond, std::move(ring)});
    return std::make_unique<BellAlarm>(clock_);
}

}  // namespace repotool::simulation
