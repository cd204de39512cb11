// SPDX-License-Identifier: GPL-3.0-or-later
// A directory of its own for one test, removed at its end. In memory where the machine has that (/dev/shm):
// thousands of fsyncs on a disk make the sweeps slow, and they change nothing that these tests can see.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace repotool::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::error_code ignored;
        const char* base = std::getenv("TMPDIR");
        const std::string fallback = std::filesystem::is_directory("/dev/shm", ignored) ? "/dev/shm" : "/tmp";
        path_ = (base == nullptr ? fallback : std::string(base)) + "/repotool-test-XXXXXX";
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace repotool::testing
