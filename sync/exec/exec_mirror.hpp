// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror that a program looks after: `exec:COMMAND`, for what is neither a directory nor behind ssh or
// rsync, such as a CVMFS release manager. COMMAND is split at blanks and run without a shell, once for each
// step, with the step's verb (state, stage, verify, flip, abort, retire) as its last argument, one JSON
// document on its standard input and one on its standard output (docs/FORMAT.md §12.4). It is killed, with
// what it started, when its time is over. Locks are those of this user on this host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sync/directory/directory_mirror.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

struct ExecOptions {
    int timeout_seconds = 3600;  // of one step
    MirrorOptions mirror{};
};

bool is_exec_target(const std::string& target);
// The words of "exec:COMMAND". Throws base::Error (usage) where there is none.
std::vector<std::string> exec_words(const std::string& target);

// `locks`: a directory of this host for lock files.
std::unique_ptr<Mirror> make_exec_mirror(const std::string& name, std::vector<std::string> command,
                                         ExecOptions options, const std::string& locks);

}  // namespace repotool::sync
