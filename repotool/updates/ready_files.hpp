// SPDX-License-Identifier: GPL-3.0-or-later
// The files of a directory such as ready/ that a promote takes: listed before anything is read, and moved
// aside, to <directory>/.promoted/<generation>/, after the flip. What became another file meanwhile stays.
// Everything is done beneath the directory, without following symlinks (I8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/fs/filesystem.hpp"
#include "repotool/ingest/inputs.hpp"

namespace repotool::publisher {

// One file as it was when it was listed.
struct ReadyFile {
    std::string path;  // below the directory
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t mtime_ns = 0;
};

struct ReadyDirectory {
    std::string shown;  // as it was typed
    std::string root;   // absolute
    std::vector<ReadyFile> files;
};

struct MovedFile {
    std::string from, to;  // as people know the directory
};
struct LeftFile {
    std::string path, reason;
};
struct MoveReport {
    std::vector<MovedFile> moved;
    std::vector<LeftFile> left;          // what changed meanwhile, or may not be moved by this user
    std::optional<base::Error> failure;  // of the disk: the rest is still to be moved
};

// Of `directories`, those files that `inputs` has, without any of the site at `site_root`. A directory in
// which there are none is left out.
std::vector<ReadyDirectory> list_ready(const std::vector<std::string>& directories, const Inputs& inputs,
                                       const std::string& site_root);

// Where a file of a directory goes: ".promoted/<generation>/<path>", below the directory.
std::string promoted_path(const std::string& path, std::uint64_t generation);
// What move_promoted() would do.
MoveReport plan_moves(const std::vector<ReadyDirectory>& directories, std::uint64_t generation);
// Durable on return. A name that is taken there gets ".~1~", ".~2~" … behind it. Nothing happens to files
// that are gone. May be repeated after it was killed.
MoveReport move_promoted(const std::vector<ReadyDirectory>& directories, std::uint64_t generation);

// Moves one file beneath `root`, also to another filesystem, and makes the directories of `to` with `mode`;
// returns the name that it got, which is `to` unless that is taken. Throws SystemError.
std::string move_file(fs::Filesystem& root, const std::string& from, const std::string& to, unsigned mode);

}  // namespace repotool::publisher
