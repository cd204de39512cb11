// SPDX-License-Identifier: GPL-3.0-or-later
// Package names that no generation names any more (docs/FORMAT.md §15): they stay in pool/ until their grace
// is over, because clients have metadata that names them. One list for each generation that went:
// private/condemned/<Waste::name()>.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/store/record.hpp"
#include "core/store/waste.hpp"

namespace repotool::store {

struct CondemnedFile {
    std::string path;  // below public/
    std::string sha256;
    std::uint64_t size = 0;
    std::string name, version, architecture;  // of the package
};
using CondemnedFiles = std::map<std::string, CondemnedFile>;  // by path

// The files of a package, as candidates.
void add_package_files(CondemnedFiles& files, const std::string& repository, const Record& record);
// Takes out those that `record`, a package of a generation that stays, has as well.
void keep_package_files(CondemnedFiles& files, const std::string& repository, const Record& record);

// Durable on return; the list is there as a whole or not at all.
void write_condemned(fs::Filesystem& filesystem, const Waste& waste, const CondemnedFiles& files);
// Throws base::Error (integrity).
CondemnedFiles read_condemned(fs::Filesystem& filesystem, const Waste& waste);

std::set<std::string> package_names(const CondemnedFiles& files);

}  // namespace repotool::store
