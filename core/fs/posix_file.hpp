// SPDX-License-Identifier: GPL-3.0-or-later
// Open files and locks of the Posix filesystem; private to core/fs.
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"

struct stat;

namespace repotool::fs {

// Owns a descriptor.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const noexcept { return fd_; }
    int release() noexcept;
    bool is_open() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

Status to_status(const struct stat& raw) noexcept;
// `name` is for messages.
std::unique_ptr<File> adopt_file(Descriptor descriptor, std::string name);
std::unique_ptr<Lock> try_lock_file(Descriptor descriptor, const std::string& name, LockMode mode);

}  // namespace repotool::fs
