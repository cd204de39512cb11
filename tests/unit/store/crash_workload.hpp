// SPDX-License-Identifier: GPL-3.0-or-later
// A small repository that is published generation by generation, and what must be true of it after a power
// cut: for the crash tests of the commit core.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/fs/filesystem.hpp"
#include "core/fs/testing/disk_image.hpp"

namespace repotool::store::testing {

inline const std::string kRepository = "test/change-1";  // its head has a directory above it

// Large: so many files that they are synced together (sync_all).
enum class Size { small, large };

// Publishes this generation: packages (new ones, one of an earlier generation under a new name), indexes,
// a shared link, open texts and a tree. Equal for every call, so that a second try makes the same names.
// `before_lock` is called when the new package is staged.
void publish(fs::Filesystem& filesystem, std::uint64_t generation, Size size = Size::small,
             const std::function<void()>& before_lock = {});

// The same by a run that can be resumed, and that resumes a dead one where there is one. What it had not to
// do again is counted.
struct Reuses {
    int packages = 0;     // taken from what was ingested
    int generations = 0;  // … from what was staged
    int flips = 0;        // the dead run had flipped
};
void publish_as_run(fs::Filesystem& filesystem, std::uint64_t generation, Reuses& reuses);

// A disk on which generations 1 to `generation` were published; 0: an empty one.
fs::testing::DiskImage published_disk(std::uint64_t generation, Size size = Size::small);

std::optional<std::uint64_t> current(fs::Filesystem& filesystem);

// What the next writing command does first.
void recover_site(fs::Filesystem& filesystem);

// What clients see is generation `generation`, and nothing else is below public/.
void require_public(fs::Filesystem& filesystem, std::uint64_t generation, Size size = Size::small);

// After recovery: the disk shows generation `generation`, all of it and nothing else; the history tells of
// each generation once; nothing of a transaction is left; objects and texts hold what their names say.
void require_whole(fs::Filesystem& filesystem, std::uint64_t generation, Size size = Size::small);

// What is true of every disk after a crash: recovery leads to a generation from `oldest` to `newest`, whole,
// and the next publish succeeds.
void require_recoverable(fs::Filesystem& filesystem, std::uint64_t oldest, std::uint64_t newest,
                         Size size = Size::small);

}  // namespace repotool::store::testing
