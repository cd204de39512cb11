// SPDX-License-Identifier: GPL-3.0-or-later
// The checks that come with repotool, and what they found. Each reads what is published, and changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/config/open_site.hpp"

namespace repotool::cli {

struct CheckFinding {
    std::string object;
    std::string problem;
};

struct Check {
    std::string name;  // as gates know it
    std::vector<CheckFinding> findings;
    std::string remark;  // how much was looked at
    std::int64_t ms = 0;
    std::string evidence;  // path of the record; empty: not recorded
};

// All that clients read is whole, signed and fits together.
Check lint(publisher::OpenSite& site, const store::GenerationReader& tested);
// What packages need of each other, or of what the change was built against, is there in a version that will
// do.
Check closure(publisher::OpenSite& site, const store::GenerationReader& tested);

// "stable@41"
std::string reference_of(const store::GenerationReader& tested);
// A JUnit document: a case for each finding, or one for a check that found nothing.
std::string junit_of(const store::GenerationReader& tested, const std::vector<Check>& checks);

}  // namespace repotool::cli
