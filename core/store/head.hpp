// SPDX-License-Identifier: GPL-3.0-or-later
// The one name that says which generation is current, and the one operation that moves it (I2, I7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

class Head {
public:
    virtual ~Head() = default;
    // Empty where the repository has no generation yet. Throws base::Error (integrity) for a head that we did
    // not make.
    virtual std::optional<std::uint64_t> current() = 0;
    // Makes `next` current if `expected` still is; durable on return. Throws base::Error (conflict) when it
    // is not. An error other than that leaves old or new: current() tells.
    virtual void compare_and_swap(std::optional<std::uint64_t> expected, std::uint64_t next) = 0;
    // Nothing is current any more, if `expected` still is; durable on return. Throws as compare_and_swap().
    virtual void withdraw(std::uint64_t expected) = 0;
};

// A relative symlink below `public_root`, replaced by one rename. The caller holds the repository's lock: the
// lock gives order, the claimed number gives safety.
std::unique_ptr<Head> make_symlink_head(fs::Filesystem& filesystem, const std::string& public_root,
                                        const std::string& repository);

}  // namespace repotool::store
