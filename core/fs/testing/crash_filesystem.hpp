// SPDX-License-Identifier: GPL-3.0-or-later
// A filesystem in memory that knows what is durable. A workload runs over it once; then each_crash() shows
// every disk that a power cut could have left: for every prefix of the operations, every legal loss of what
// was not synced.
//
// What may be lost, each piece on its own:
//  - Names. create, link, symlink, mkdir, remove and rename change entries of directories. A change may be
//    there or not until its directory is synced. A rename within one directory is one change; between two it
//    is two, each with its directory: both names may be there, or neither. Changes of one directory may reach
//    the disk in any order, but those of one name keep theirs.
//  - Bytes of a file, until the file is synced (through any handle): none of what was written since the last
//    sync; all; a part from the front (up to the ends of the first and the last write but one, and half); or
//    all of the size with zeros for bytes. What was synced before stays. The name may be there without them.
//  - Mode and times that were set on an open file, until the file is synced.
//  - sync_all ends all of this. Mode at making and the target of a symlink come with the name.
//  - Bytes that were there when a sync of their file (or sync_all) failed: for ever. The kernel forgets after
//  it
//    has told once, so a later sync that succeeds says nothing about them (fail_sync).
// Syncing a file does not sync its name, and syncing a directory syncs no file. This is what POSIX promises
// and less than most filesystems do: what is right here is right on them.
//
// How much is tried: with at most `exhaustive` combinations at a prefix, all of them. Beyond that: nothing
// lost, all lost, each single piece lost, each single piece kept, and `samples` combinations drawn with
// `seed`. Equal disks are checked once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/fs/testing/memory_filesystem.hpp"

namespace repotool::fs::testing {

// One disk after a power cut.
struct CrashState {
    MemoryFilesystem& filesystem;  // fresh; the check may write to it
    std::size_t operations;        // how many had been done
    unsigned acknowledged;         // how often the workload had called acknowledge() by then
    const std::string& story;      // the last operation and what was lost, for messages
};

enum class Losses {
    every,     // as described above
    extremes,  // nothing lost, and everything lost
};

struct CrashBounds {
    std::size_t exhaustive = 64;
    std::size_t samples = 16;
    std::uint64_t seed = 1;
    Losses losses = Losses::every;
    std::size_t first = 0;  // crashes after at least this many operations
    std::size_t step = 1;   // and only after every n-th, and after the last
};

struct CrashCount {
    std::size_t operations = 0;  // prefixes are one more
    std::size_t states = 0;      // different disks that were checked
    std::size_t sampled = 0;     // prefixes with more combinations than `exhaustive`
};

class CrashRecorder;

class CrashFilesystem : public MemoryFilesystem {
public:
    CrashFilesystem() : CrashFilesystem(empty_disk()) {}
    // What is on the disk before the workload is durable.
    explicit CrashFilesystem(const DiskImage& before);
    ~CrashFilesystem() override;
    CrashFilesystem(const CrashFilesystem&) = delete;
    CrashFilesystem& operator=(const CrashFilesystem&) = delete;

    // The workload promises its caller something from here on.
    void acknowledge();
    // The `number`-th sync of a file, or sync_all, from the start on fails with EIO.
    void fail_sync(std::size_t number);
    bool has_failed() const;
    // Operations that changed or synced something until now.
    std::size_t operations() const;
    CrashCount each_crash(const CrashBounds& bounds, const std::function<void(CrashState&)>& check) const;

private:
    std::unique_ptr<CrashRecorder> recorder_;
};

}  // namespace repotool::fs::testing
