// SPDX-License-Identifier: GPL-3.0-or-later
// What is different between two generations, of one repository or of two, by their chunk lists: costs what
// differs, not what there is.
#pragma once

#include <optional>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/packages/selection.hpp"

namespace repotool::publisher {

// added: in `to` and not in `from`; removed: the other way round. A package in several architectures' sets is
// named once. Sorted by format, dist, component and key.
std::vector<Decision> compare_generations(const store::GenerationReader& from,
                                          const store::GenerationReader& to);
// The same against a repository without any package.
std::vector<Decision> everything_in(const store::GenerationReader& generation);

// What became of one name and architecture in one dist and component.
enum class Difference {
    added,
    removed,
    upgraded,    // to a higher version
    downgraded,  // to a lower one
    rebuilt,     // same version, other content
    resigned,    // same version and content, other signature: other bytes all the same
};
const char* difference_name(Difference difference) noexcept;

struct PackageDifference {
    Difference difference = Difference::added;
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;                // "" for RPM
    std::optional<store::Record> before;  // empty: added
    std::optional<store::Record> after;   // empty: removed
    const store::Record& record() const { return after ? *after : *before; }
};

// Pairs what is removed with what is added. Where there are several versions of a name, the highest with the
// highest.
std::vector<PackageDifference> pair_changes(const std::vector<Decision>& decisions);

}  // namespace repotool::publisher
