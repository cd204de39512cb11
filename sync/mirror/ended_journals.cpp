// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/ended_journals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "core/fs/tree.hpp"

namespace repotool::sync {

std::int64_t journal_time_ms() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

void keep_ended_journal(fs::Filesystem& filesystem, const std::string& path, const std::string& directory,
                        const TransactionIdentity& identity) {
    constexpr std::size_t kMost = 1000;
    if (!filesystem.status(path)) return;
    fs::make_directories(filesystem, directory, 0700);
    const std::string name = fmt::format("{}-{}", identity.version.generation, identity.id().substr(0, 12));
    filesystem.rename(path, fs::join_path(directory, name), fs::Replace::yes);
    auto names = filesystem.list(directory);
    if (names.size() <= kMost) return;
    const auto generation = [](const std::string& entry) {
        return std::strtoull(entry.c_str(), nullptr, 10);
    };
    std::sort(names.begin(), names.end(),
              [&](const auto& a, const auto& b) { return generation(a) < generation(b); });
    names.resize(names.size() - kMost);
    for (const auto& old : names) filesystem.remove(fs::join_path(directory, old));
}

}  // namespace repotool::sync
