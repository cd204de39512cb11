// SPDX-License-Identifier: GPL-3.0-or-later
// Generations on their way out (docs/FORMAT.md §15): the names of the entries in private/trash and
// private/condemned, `<repository with : for />@<generation>@<Unix time at which it stopped being current>`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::store {

// The name of a repository as one name in a directory: : for /.
std::string flat_name(std::string_view repository);

struct Waste {
    std::string repository;
    std::uint64_t generation = 0;
    base::UnixSeconds superseded = 0;

    std::string name() const;
    friend bool operator==(const Waste&, const Waste&) = default;
};

// Empty for a name that is none of ours.
std::optional<Waste> parse_waste(std::string_view name);
// What is in `directory` (kTrash or kCondemned), of one repository or of all (""): by repository, oldest
// generation first.
std::vector<Waste> list_waste(fs::Filesystem& filesystem, const char* directory,
                              const std::string& repository);

}  // namespace repotool::store
