// SPDX-License-Identifier: GPL-3.0-or-later
// An open site: its filesystem, its private directories and its locks. What the configuration says is not
// known here.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::store {

class Site {
public:
    // `filesystem` is rooted at the site and outlives this object.
    Site(fs::Filesystem& filesystem, base::Clock& clock) : filesystem_(filesystem), clock_(clock) {}

    // Makes private/ and public/ where they are missing. Throws base::Error (usage) when private/ belongs to
    // another user: one uid publishes and owns a site.
    void prepare_for_writing();

    // Refuses a name that is a path prefix of an existing repository or has one as its prefix. Throws
    // base::Error (usage).
    void check_prefix_free(const std::string& repository);

    // Null where somebody else holds it.
    std::unique_ptr<fs::Lock> try_lock_repository(const std::string& repository, const std::string& job);
    // Who holds it now; empty where nobody does, or where the caller may not know.
    std::optional<std::string> holder(const std::string& repository);
    // What to tell somebody who waited `seconds` for it in vain.
    base::Error busy(const std::string& repository, std::int64_t seconds);
    // Waits at most `timeout_seconds`; then base::Error (conflict) that names the holder. `job` is shown to
    // those who wait.
    std::unique_ptr<fs::Lock> lock_repository(const std::string& repository, std::int64_t timeout_seconds,
                                              const std::string& job);
    // Held for moments only: `path` is one of layout::kTransactionLock, kCollectorLock.
    std::unique_ptr<fs::Lock> lock_shortly(const char* path, fs::LockMode mode);

    fs::Filesystem& filesystem() noexcept { return filesystem_; }
    base::Clock& clock() noexcept { return clock_; }

private:
    fs::Filesystem& filesystem_;
    base::Clock& clock_;
};

}  // namespace repotool::store
