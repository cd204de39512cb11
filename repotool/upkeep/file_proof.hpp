// SPDX-License-Identifier: GPL-3.0-or-later
// Digests of files, each file read once however many names it has. For fsck.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "core/fs/filesystem.hpp"

namespace repotool::publisher {

class FileProof {
public:
    explicit FileProof(fs::Filesystem& filesystem) : filesystem_(filesystem) {}

    // Empty where a regular file with this size and digest is at `path`; else what is wrong.
    std::string fault(const std::string& path, const std::string& sha256, std::uint64_t size);
    // The same for a file whose size nobody recorded.
    std::string fault(const std::string& path, const std::string& sha256);
    std::uint64_t files() const noexcept { return files_; }

private:
    using Identity = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
    const std::string& digest(const std::string& path, const fs::Status& status);

    fs::Filesystem& filesystem_;
    std::map<Identity, std::string> digests_;
    std::uint64_t files_ = 0;
};

}  // namespace repotool::publisher
