// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a generation of a directory mirror to the last byte: everything that its manifest names is there,
// with that size and digest, and every symlink leads where it should. Nothing is trusted that was found
// before.
#pragma once

#include <cstdint>
#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/mirror/inspection.hpp"

namespace repotool::sync {

Inspection inspect_generation(fs::Filesystem& mirror, const std::string& repository,
                              std::uint64_t generation);

}  // namespace repotool::sync
