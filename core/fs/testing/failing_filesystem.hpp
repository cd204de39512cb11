// SPDX-License-Identifier: GPL-3.0-or-later
// A filesystem whose n-th operation fails, once or from then on, or is preceded by what somebody else does in
// that moment; everything else goes to the filesystem below it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::fs::testing {

enum class Failure { once, from_then_on };

// Counts every operation that changes the disk (create, write, append_range, sync, close, rename, link,
// symlink, remove, make_directory, sync_directory, sync_all) and fails the `fail_at`-th (from 1; 0: none)
// with `error_number`. Several threads may share one; read the log when they are done.
class FaultPlan {
public:
    FaultPlan(std::uint64_t fail_at, int error_number, Failure failure)
        : fail_at_(fail_at), error_number_(error_number), failure_(failure) {}
    // Nothing fails: before the `at`-th operation, `interruption` is called, once. It works on the filesystem
    // below.
    FaultPlan(std::uint64_t at, std::function<void()> interruption)
        : fail_at_(at), failure_(Failure::once), interruption_(std::move(interruption)) {}
    // Throws SystemError when this operation is the one.
    void before(const char* operation, const std::string& path);
    std::uint64_t operations() const noexcept { return count_; }
    bool has_failed() const noexcept { return fail_at_ != 0 && count_ >= fail_at_; }
    // "3 rename private/…", one per operation.
    const std::vector<std::string>& log() const noexcept { return log_; }

private:
    std::uint64_t fail_at_;
    int error_number_ = 0;
    Failure failure_;
    std::function<void()> interruption_;
    std::mutex mutex_;
    std::uint64_t count_ = 0;
    std::vector<std::string> log_;
};

std::unique_ptr<Filesystem> make_failing_filesystem(Filesystem& below, FaultPlan& plan);

}  // namespace repotool::fs::testing
