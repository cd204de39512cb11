// SPDX-License-Identifier: GPL-3.0-or-later
// All that is random in a simulation, from one seed: the same seed is the same run, on every machine.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace repotool::simulation {

class Chance {
public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}

    // At least 0, below 1.
    double next() {
        // splitmix64, by Sebastiano Vigna (public domain)
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
    }
    bool hits(double probability) { return next() < probability; }
    std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(next() * static_cast<double>(limit));
    }
    double between(double low, double high) { return low + next() * (high - low); }
    // Times between things that come when they like.
    double exponential(double mean) { return -mean * std::log(1.0 - next()); }

private:
    std::uint64_t state_;
};

}  // namespace repotool::simulation
