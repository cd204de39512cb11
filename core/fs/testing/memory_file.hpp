// SPDX-License-Identifier: GPL-3.0-or-later
// Open files and locks of the Memory filesystem; private to core/fs/testing.
#pragma once

#include <memory>
#include <string>

#include "core/fs/testing/memory_disk.hpp"

namespace repotool::fs::testing {

// What may be written, and where: nothing; from the start on; always at the end.
enum class Writing { no, from_start, at_end };

// `path` is below the root, `shown` for messages.
std::unique_ptr<File> open_memory_file(std::shared_ptr<MemoryDisk> disk, NodePointer node, std::string path,
                                       std::string shown, Writing writing);
// Empty where somebody holds it. Call with the disk's mutex held.
std::unique_ptr<Lock> try_lock_node(const std::shared_ptr<MemoryDisk>& disk, const NodePointer& node,
                                    const std::string& path, LockMode mode);

}  // namespace repotool::fs::testing
