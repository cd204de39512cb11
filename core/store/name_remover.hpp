// SPDX-License-Identifier: GPL-3.0-or-later
// Takes names of one repository out of public/, with the directories that become empty. The cost is that of
// what goes: no directory is listed.
#pragma once

#include <set>
#include <string>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

class NameRemover {
public:
    NameRemover(fs::Filesystem& filesystem, const std::string& repository);

    // `path` below public/, in pool/<repository> or meta/<repository>; others are left alone. Nothing there
    // is not an error. Under the repository's lock, as prune().
    void remove(const std::string& path);
    // Removes the directories that are empty now.
    void prune();
    // Everything is durable on return. Needs no lock.
    void sync();

private:
    fs::Filesystem& filesystem_;
    std::string pool_, meta_;
    std::set<std::string> changed_;  // directories that lost a name
    std::set<std::string> unsynced_;
};

// Removes a directory if it is empty; whether it is may change while we look. False where it stays.
bool remove_if_empty(fs::Filesystem& filesystem, const std::string& path);

}  // namespace repotool::store
