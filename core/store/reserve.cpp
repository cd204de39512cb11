// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/reserve.hpp"

#include <cerrno>

#include "core/base/error.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {
namespace {

constexpr std::size_t kReserveBytes = std::size_t{1} << 20U;

bool is_full(const base::SystemError& error) {
    return error.error_number() == ENOSPC || error.error_number() == EDQUOT;
}

}  // namespace

void keep_reserve(fs::Filesystem& filesystem) {
    const auto status = filesystem.status(layout::kReserve);
    if (status && status->size == kReserveBytes) return;
    filesystem.remove(layout::kReserve);
    try {
        const auto file = filesystem.create(layout::kReserve, 0600);
        file->write(std::string(kReserveBytes, '\xA5'));  // no zeros: a filesystem may store those as a hole
        file->sync();
        file->close();
    } catch (const base::SystemError& error) {
        filesystem.remove(layout::kReserve);
        if (!is_full(error)) throw;
    }
}

void with_reserve(fs::Filesystem& filesystem, const std::function<void()>& action) {
    try {
        action();
    } catch (const base::SystemError& error) {
        if (!is_full(error) || !filesystem.status(layout::kReserve)) throw;
        filesystem.remove(layout::kReserve);
        action();
    }
}

}  // namespace repotool::store
