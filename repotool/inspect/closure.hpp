// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the packages of a generation have what they need. A distribution's own packages are not here, so
// names that nobody here offers are the distribution's business; a name that is here must be here in a
// version that will do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"

namespace repotool::publisher {

struct Unfulfilled {
    std::string place;    // deb bookworm amd64
    std::string package;  // name and version
    std::string need;     // "libfoo (>= 2.0) | libbar"
    std::string here;     // what there is instead: "libfoo 1.0"
};

struct ClosureReport {
    std::uint64_t needs = 0;    // that were looked at
    std::uint64_t outside = 0;  // of them: names that nobody here offers
    std::vector<Unfulfilled> unfulfilled;
};

// `base`: what the generation was built against, whose packages its clients have as well; may be null. Reads
// the indexes as clients do. Throws base::Error (integrity).
ClosureReport check_closure(const store::GenerationReader& generation, const store::GenerationReader* base);

}  // namespace repotool::publisher
