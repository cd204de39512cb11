// SPDX-License-Identifier: GPL-3.0-or-later
// Every Filesystem that there is, each on an empty disk of its own, for the conformance suite.
#pragma once

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/testing/recording_filesystem.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::fs::testing {

enum class Implementation { posix, memory, recording, crash, failing };
inline constexpr std::array kImplementations{Implementation::posix, Implementation::memory,
                                             Implementation::recording, Implementation::crash,
                                             Implementation::failing};

class Subject {
public:
    explicit Subject(Implementation implementation) {
        switch (implementation) {
            case Implementation::posix:
                directory_.emplace();
                disk_ = open_posix_filesystem(directory_->path());
                break;
            case Implementation::memory:
                disk_ = std::make_unique<MemoryFilesystem>();
                break;
            case Implementation::recording:
                disk_ = std::make_unique<MemoryFilesystem>();
                decorated_ = make_recording_filesystem(*disk_, log_);
                break;
            case Implementation::crash:
                disk_ = std::make_unique<CrashFilesystem>();
                break;
            case Implementation::failing:
                directory_.emplace();
                disk_ = open_posix_filesystem(directory_->path());
                decorated_ = make_failing_filesystem(*disk_, nothing_);
                break;
        }
    }
    Filesystem& get() { return decorated_ ? *decorated_ : *disk_; }

private:
    std::optional<repotool::testing::TemporaryDirectory> directory_;
    std::unique_ptr<Filesystem> disk_;
    OperationLog log_;
    FaultPlan nothing_{0, EIO, Failure::once};
    std::unique_ptr<Filesystem> decorated_;
};

// errno of what was thrown; 0: nothing was, -1: another error.
inline int error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const base::SystemError& error) {
        return error.error_number();
    } catch (const base::Error&) {
        return -1;
    }
    return 0;
}

}  // namespace repotool::fs::testing
