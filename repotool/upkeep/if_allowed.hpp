// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what may be another user's: public/ is everybody's, private/ its owner's alone.
#pragma once

#include <cerrno>
#include <optional>

#include "core/base/error.hpp"

namespace repotool::publisher {

// What `read` returns; empty where the system does not allow it.
template <typename Read>
auto if_allowed(const Read& read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const base::SystemError& error) {
        if (error.error_number() != EACCES && error.error_number() != EPERM) throw;
        return std::nullopt;
    }
}

}  // namespace repotool::publisher
