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

// A disk on which generations 1 to `generation` were published; 0: an empty one.
fs::testing::DiskImage published_disk(std::uint64_t generation, Size size = Size::small);

std::optional<std::uint64_t> current(fs::Filesystem& filesystem);

// What the next writing command does first.
void recover_site(fs::Filesystem& filesystem);

// After recovery: the disk shows generation `generation`, all of it and nothing else; the history tells of
// each generation once; nothing of a transaction is left; objects and texts hold what their names say.
void require_whole(fs::Filesystem& filesystem, std::uint64_t generation, Size size = Size::small);

// What is true of every disk after a crash: recovery leads to a generation from `oldest` to `newest`, whole,
// and the next publish succeeds.
void require_recoverable(fs::Filesystem& filesystem, std::uint64_t oldest, std::uint64_t newest,
                         Size size = Size::small);

}  // namespace repotool::store::testing
