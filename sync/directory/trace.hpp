// SPDX-License-Identifier: GPL-3.0-or-later
// project/trace/<name>: what a mirror serves and since when, where the tools of Debian's mirrors look for it.
#pragma once

#include <string>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "sync/mirror/transaction.hpp"

namespace repotool::sync {

// Nothing where `name` is empty. Never throws: a trace is news, not state.
void write_trace(fs::Filesystem& mirror, const std::string& name, const TransactionIdentity& identity,
                 base::UnixSeconds time) noexcept;

}  // namespace repotool::sync
