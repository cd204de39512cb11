// SPDX-License-Identifier: GPL-3.0-or-later
// What a mirror finds when it reads back what it serves. A mirror may lie: whoever asks compares what it says
// with what he knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/mirror/transaction.hpp"

namespace repotool::sync {

struct Damage {
    std::string path;     // below the mirror's root
    std::string problem;  // "expected …, found …"
};

struct Inspection {
    std::optional<std::uint64_t> generation{};  // that clients see; empty: none
    bool is_read = false;                       // everything was read and hashed on the mirror
    std::uint64_t files = 0;                    // that were
    std::uint64_t bytes = 0;
    std::string manifest{};  // MANIFEST and its signature as they are there; "": none
    std::string signature{};
    std::vector<Damage> damage{};  // the first of it
    std::uint64_t damaged = 0;     // all of it

    void add(const std::string& path, const std::string& problem) {
        constexpr std::size_t kMostTold = 1000;
        ++damaged;
        if (damage.size() < kMostTold) damage.push_back({path, problem});
    }
};

}  // namespace repotool::sync
