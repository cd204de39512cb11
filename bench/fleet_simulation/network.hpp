// SPDX-License-Identifier: GPL-3.0-or-later
// What is between a coordinator and a mirror, and what goes wrong there and at the mirror.
#pragma once

#include "chance.hpp"
#include "mirror_host.hpp"
#include "virtual_time.hpp"

namespace repotool::simulation {

enum class Fault {
    none,
    lost_request,  // nothing happened, and nobody answers
    lost_answer,   // it happened, and nobody answers
    death,         // the host is gone for some time, before it happened or in the middle of it
    lie,           // it says that all is well, and it is not
    refusal,       // it says that something is wrong with its disk
};

struct Weather {
    double failure_rate = 0.01;  // of a mirror, in one transaction
    bool is_calm = false;        // nothing goes wrong
};

// Of one fleet.
class Network {
public:
    Network(VirtualClock& clock, Chance& chance, const Weather& weather)
        : clock_(clock), chance_(chance), weather_(weather) {}

    VirtualClock& clock() { return clock_; }
    // One way, from 0.5 to 150 ms: each mirror has its distance, each message its luck.
    void travel(std::size_t mirror) {
        const double distance = 0.5 + static_cast<double>((mirror * 7919) % 1000) / 1000 * 148;
        const double time = distance * (0.9 + 0.2 * chance_.next());
        clock_.advance(static_cast<Moment>(std::min(time, 150.0) * kMillisecond));
    }
    void transfer() { clock_.advance(static_cast<Moment>(chance_.between(50, 500) * kMillisecond)); }
    Fault fault() {
        constexpr double kCallsPerTransaction = 13;
        if (weather_.is_calm || !chance_.hits(weather_.failure_rate / kCallsPerTransaction))
            return Fault::none;
        const double which = chance_.next();
        return which < 0.3   ? Fault::lost_request
               : which < 0.6 ? Fault::lost_answer
               : which < 0.8 ? Fault::death
               : which < 0.9 ? Fault::lie
                             : Fault::refusal;
    }
    // Mostly a minute or two; sometimes days.
    Moment time_of_death() {
        const Moment mean = chance_.hits(0.02) ? 30 * kHour : 60 * kSecond;
        return clock_.now() + static_cast<Moment>(chance_.exponential(static_cast<double>(mean)));
    }
    std::size_t below(std::size_t limit) { return chance_.below(limit); }

private:
    VirtualClock& clock_;
    Chance& chance_;
    const Weather& weather_;
};

}  // namespace repotool::simulation
