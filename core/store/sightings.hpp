// SPDX-License-Identifier: GPL-3.0-or-later
// Where packages stand: in which generations of a repository, and under which published names, those
// included whose generations are gone. Reads every chunk of the repository once.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/store/condemned.hpp"

namespace repotool::store {

struct Sightings {
    std::set<std::uint64_t> generations;  // in gen/<repository>
    std::vector<Record> records;          // each once
    CondemnedFiles files;                 // their published names, and those that are condemned already
};

using WantedRecord = std::function<bool(const Record&)>;
using WantedFile = std::function<bool(const CondemnedFile&)>;  // of a package that no generation names

// Throws base::Error (integrity).
Sightings find_packages(fs::Filesystem& filesystem, const std::string& repository, const WantedRecord& wanted,
                        const WantedFile& wanted_file);

}  // namespace repotool::store
